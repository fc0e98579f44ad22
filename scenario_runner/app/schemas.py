"""The JSON Schemas, with whatever plugins add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenario_runner.plugins import Plugins


def schema_of(kind: str, plugins: Plugins) -> Mapping[str, Any]:
    """The schema of a ``scenario``, ``site`` or ``run``, as published under ``schemas/``."""
    if kind == "run":
        from scenario_runner.evidence.record import published_schema

        return published_schema()
    from scenario_runner.language.schema import scenario_schema, site_schema

    return scenario_schema(plugins) if kind == "scenario" else site_schema(plugins)
