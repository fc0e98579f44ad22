"""The JSON Schemas, with whatever plugins add; as a program it writes the published ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import indent
from typing import Any, Final

from scenario_runner.app.schema_words import SHARED, with_words
from scenario_runner.plugins import Plugins

KINDS: Final = (
    "scenario", "site", "steps", "library", "overlay", "run", "events", "validator",
)  # fmt: skip


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
        "scenario": made.make_scenario_schema,
        "site": made.make_site_schema,
        "steps": made.make_steps_schema,
    }
    return with_words(of_plugins[kind](plugins), plugins)


def text_of(schema: Mapping[str, Any]) -> str:
    """A schema as it is printed and published: lists of thousands of words on a line each."""
    text = json.dumps(schema, indent=2, ensure_ascii=False)
    for name in SHARED.values():
        if words := schema.get("$defs", {}).get(name):
            long = indent(json.dumps(words, indent=2), " " * 4).lstrip()
            text = text.replace(f'"{name}": {long}', f'"{name}": {json.dumps(words)}')
    return text


def write_published(folder: Path) -> list[Path]:
    """Write the published schemas, of built-ins only, into a folder; returns the files.

    Below ``plain``, those that the program itself reads at its start: without words for editors and without blanks.
    """
    from scenario_runner.language import schema as made

    plugins = Plugins(outside=False)
    written = []
    for kind in KINDS:
        schema = schema_of(kind, plugins)
        path = folder / str(schema.get("$id", f"{kind}.v1.schema.json"))
        text = text_of(schema) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    (folder / "plain").mkdir(exist_ok=True)
    for kind, schema in (
        ("scenario", made.make_scenario_schema(plugins)),
        ("site", made.make_site_schema(plugins)),
        ("steps", made.make_steps_schema(plugins)),
    ):
        path = folder / "plain" / f"{kind}.json"
        text = json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return written


if __name__ == "__main__":
    from scenario_runner.resources import resource

    for file in write_published(Path(sys.argv[1]) if len(sys.argv) > 1 else resource("schemas")):
        sys.stdout.write(f"{file}\n")
