"""The JSON Schemas, with whatever plugins add; as a program it writes the published ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenario_runner.plugins import Plugins


def schema_of(kind: str, plugins: Plugins) -> Mapping[str, Any]:
    """The schema of a ``scenario``, ``site``, ``steps``, ``library``, ``overlay``, ``run``, ``events`` or ``validator``.

    As published under ``schemas/``.
    """
    if kind == "run":
        from scenario_runner.evidence.record import published_schema

        return published_schema()
    if kind == "events":
        from scenario_runner.evidence.event_schema import events_schema

        return events_schema()
    if kind == "validator":
        from scenario_runner.service.validator.settings import schema

        return schema()
    from scenario_runner.language import schema as made

    if kind == "library":
        return made.library_schema()
    if kind == "overlay":
        from scenario_runner.libraries.overlay import overlay_schema

        return overlay_schema()
    of_plugins = {
        "scenario": made.scenario_schema,
        "site": made.site_schema,
        "steps": made.steps_schema,
    }
    return of_plugins[kind](plugins)


def write_published(folder: Path) -> list[Path]:
    """Write the published schemas, of built-ins only, into a folder; returns the files."""
    from scenario_runner.language.schema import published

    plugins = Plugins(outside=False)
    others = {
        f"{kind}.v1.schema.json": json.dumps(schema_of(kind, plugins), indent=2, ensure_ascii=False)
        for kind in ("overlay", "run", "events", "validator")
    }
    written = []
    for name, text in {**published(plugins), **{n: t + "\n" for n, t in others.items()}}.items():
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    from scenario_runner.resources import resource

    for file in write_published(Path(sys.argv[1]) if len(sys.argv) > 1 else resource("schemas")):
        sys.stdout.write(f"{file}\n")
