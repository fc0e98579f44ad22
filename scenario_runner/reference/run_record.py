"""The page of what a run leaves behind as data."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from scenario_runner import events
from scenario_runner.evidence.record import published_schema
from scenario_runner.reference.tables import GENERATED, record_keys, table
from scenario_runner.reference.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = f"""{GENERATED}

# The record of a run

`run.json` is the whole run as data, made from `events.ndjson`. Its JSON Schema is
`schemas/run.v1.schema.json`, and `fabricate schema run` prints it. Every key of the run, its cases, steps
and checks is always there. Times are ISO 8601 in UTC; durations are seconds.
"""

_EVENTS = """## Events

`events.ndjson` has one JSON object a line: `seq` (from 1, without gaps), `time`, `event`, and the keys of
that event. It is appended as things happen, so a run that was killed is readable up to its last line.
"""

_SECTIONS = (
    ("CaseRecord", "A case"),
    ("StepRecord", "A step"),
    ("CheckRecord", "A check"),
    ("PatientRecord", "A patient of the plan"),
    ("StudyRecord", "A study of the plan"),
    ("SeriesRecord", "A series of the plan"),
    ("ImageRecord", "An image of the plan"),
    ("RequirementRecord", "A requirement"),
    ("SignatureRecord", "A signature"),
)


def run_record_page() -> str:
    """``run-record.md``: the keys of ``run.json`` and the kinds of events."""
    schema = published_schema()
    defs = schema["$defs"]
    links = {
        name: f"[{title.split(' ', 1)[1]}](#{title.lower().replace(' ', '-')})"
        for name, title in _SECTIONS
    }
    words = Words(defs, links)
    parts = [_INTRODUCTION, "## The run\n", record_keys(schema, words), ""]
    for name, title in _SECTIONS:
        parts += [f"## {title}\n", record_keys(defs[name], words), ""]
    parts += [_EVENTS, table(("event", "when", "keys"), _events()), ""]
    return "\n".join(parts)


def _events() -> Iterator[tuple[str, str, str]]:
    for event in vars(events).values():
        if (
            not isinstance(event, type)
            or not issubclass(event, events.Event)
            or event is events.Event
        ):
            continue
        names = ", ".join(f"`{field.name}`" for field in dataclasses.fields(event))
        yield f"`{event.kind}`", (event.__doc__ or "").splitlines()[0].replace("``", "`"), names
