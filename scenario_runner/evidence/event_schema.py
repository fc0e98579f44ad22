"""The JSON Schema of a line of ``events.ndjson``, and of what ``fabricate run --format json`` prints."""

from __future__ import annotations

import dataclasses
from typing import Any

from pydantic import TypeAdapter

from scenario_runner import events
from scenario_runner.descriptions import DescribedSchema
from scenario_runner.events import kinds_of_event

_STAMP = {
    "seq": {"type": "integer", "minimum": 1, "description": "From 1, without gaps."},
    "time": {"type": "string", "format": "date-time", "description": "In UTC."},
}


def _left_out(kind: type[events.Event]) -> set[str]:
    """What a line of that kind does not say where it is as usual."""
    fields = dataclasses.fields(kind)
    return {one.name for one in fields if one.default is not dataclasses.MISSING}


def events_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of one event, as ``schemas/events.v2.schema.json`` has it."""
    defs: dict[str, Any] = {}
    for kind in kinds_of_event():
        schema = TypeAdapter(kind).json_schema(
            mode="serialization", schema_generator=DescribedSchema
        )
        defs |= schema.pop("$defs", {})
        fields = schema["properties"]
        schema["properties"] = {
            **_STAMP,
            "event": {"const": kind.kind},
            **fields,
        }
        usual = _left_out(kind) if kind is events.InstancesSent else set()
        schema["required"] = [name for name in schema["properties"] if name not in usual]
        defs[kind.__name__] = schema
    for part in defs.values():
        for field in part["properties"].values():
            field.pop("title", None)  # it only repeats the name
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "events.v2.schema.json",
        "title": "An event of a run of DICOM Fabricator",
        "description": f"One line of events.ndjson, {events.SCHEMA}. New kinds and new keys may come; whoever reads "
        "leaves aside what it does not know.",
        "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds_of_event()],
        "$defs": defs,
    }
