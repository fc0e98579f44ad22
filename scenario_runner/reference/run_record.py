"""The pages of what a run leaves behind as data."""

from __future__ import annotations

from scenario_runner import events
from scenario_runner.events import kinds_of_event
from scenario_runner.evidence.event_schema import events_schema
from scenario_runner.evidence.record import published_schema
from scenario_runner.reference.tables import GENERATED, record_keys, table
from scenario_runner.reference.words import Words

_INTRODUCTION = f"""{GENERATED}

# The record of a run

`run.json` is the whole run as data, made from [the events](events.md) in `events.ndjson`. Its JSON Schema is
`schemas/run.v1.schema.json`, and `fabricate schema run` prints it. Every key of the run, its cases, steps
and checks is always there. Times are ISO 8601 in UTC; durations are seconds.
"""

_EVENTS = f"""{GENERATED}

# Events of a run

`events.ndjson` in a run folder has one JSON object a line: `seq` (from 1, without gaps), `time`, `event`, and the keys of
that event. It is appended as things happen, so a run that was killed is readable up to its last line. From the thousandth
instance on those that are sent one after the other share a line, [`{events.InstancesSent.kind}`](#{events.InstancesSent.kind}), of about 45 bytes each.

`fabricate run --format json`, and `rerun` the same, write these very lines to stdout while the run goes on, each at once, and
a line for every instance however many there are; so does whoever watches a run of the server. What else is to be said goes to
stderr. Secrets are masked before an event is written anywhere. A run that could not begin, such as
one with a mistake in its scenario, has no line, only an exit code.

The form is `{events.SCHEMA}`, which the first line, `{events.RunStarted.kind}`, has as `schema`. It gets another number when a
reader of the old one would be wrong: `events/v1` knew no lines that instances share. Logs of it are read for good. New kinds of events and new keys may come without one: leave aside what you do not know.
The JSON Schema of a line is `schemas/events.v2.schema.json`, and `fabricate schema events` prints it.
"""

_SECTIONS = (
    ("CaseRecord", "A case"),
    ("StepRecord", "A step"),
    ("LatencyRecord", "A latency"),
    ("CheckRecord", "A check"),
    ("PatientRecord", "A patient of the plan"),
    ("StudyRecord", "A study of the plan"),
    ("SeriesRecord", "A series of the plan"),
    ("ImageRecord", "An image of the plan"),
    ("RequirementRecord", "A requirement"),
    ("SignatureRecord", "A signature"),
)


def run_record_page() -> str:
    """``run-record.md``: the keys of ``run.json``."""
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
    return "\n".join(parts)


def events_page() -> str:
    """``events.md``: what each line of ``events.ndjson`` holds."""
    schema = events_schema()
    words = Words(schema["$defs"], {})
    parts = [_EVENTS, table(("event", "when"), map(_kind, kinds_of_event())), ""]
    for kind in kinds_of_event():
        own = schema["$defs"][kind.__name__]
        shown = {
            name: value
            for name, value in own["properties"].items()
            if name not in ("seq", "time", "event")
        }
        parts += [f"## {kind.kind}\n", record_keys({"properties": shown}, words), ""]
    return "\n".join(parts)


def _kind(kind: type[events.Event]) -> tuple[str, str]:
    first = (kind.__doc__ or "").splitlines()[0].replace("``", "`")
    return f"[`{kind.kind}`](#{kind.kind})", first
