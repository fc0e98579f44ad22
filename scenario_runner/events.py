"""What happens during a run, as data. Events are the only way out of the engine.

Every event is redacted before it leaves the engine and appended to ``events.ndjson`` as one JSON
object: ``{"seq": 7, "time": "2026-01-31T09:30:00.123Z", "event": "step_finished", ...fields}``.
Whoever consumes events (console, records, web) is unknown to the engine. All values are plain:
str, int, float, bool, None, list, dict.

All kinds stand on this page, in the order in which the reference has them.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import field
from typing import Any, ClassVar, Literal, Protocol

from scenario_runner.lazy_dataclasses import dataclass

AS_IT_SHOULD = "failed as it should: "
"""How the message begins of a step or check that passed because what it is about failed."""

SCHEMA = "events/v2"
"""The version of all that is said here; another number when a reader of the old one would be wrong."""

READABLE = ("events/v1", SCHEMA)
"""The versions of logs that are understood."""

Outcome = Literal["passed", "failed", "error", "skipped", "interrupted"]
Section = Literal["setup", "steps", "finally"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events; ``kind`` is the snake_case class name and is what JSON calls ``event``."""

    kind: ClassVar[str] = "event"

    def __init_subclass__(cls, **kwargs: object) -> None:
        # Zero-argument super() would refer to the class before slots=True replaced it.
        super(Event, cls).__init_subclass__(**kwargs)  # noqa: UP008
        cls.kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def fields(self) -> dict[str, Any]:
        """The event's own fields as plain values, nested ones included."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """A target as evidence names it; never holds a credential."""

    name: str
    kind: str
    """dimse | embedded | a plugin's word."""
    environment: str
    host: str | None = None
    port: int | str | None = None
    ae_title: str | None = None
    url: str | None = None
    """Of its DICOMweb service, without a user or a query."""
    capabilities: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """The first event of every run."""

    run: str
    seed: int
    seed_given: bool
    command: list[str]
    """The command line as typed, program name first."""
    environment: dict[str, Any]
    """Versions and platform: ``{"fabricator": …, "python": …, "pydicom": …, "platform": …}``."""
    site: str
    targets: list[TargetFacts]
    sources: list[str]
    """Scenario and site files as named on the command line; copies lie in ``inputs/``."""
    rerun_of: dict[str, Any] | None = None
    """Of a run that repeats another: ``{run, folder, started, outcome, failed_only, cases}``."""
    cases: int = 0
    """How many cases there are to run."""
    remarks: list[str] = field(default_factory=list)
    """What sources of patients took though it is unusual, or left aside."""
    schema: str = SCHEMA
    """What the lines of this log mean; a log without it is of the first version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStarted(Event):
    """One case (a scenario with one combination of its matrix) begins."""

    case: str
    name: str
    scenario: dict[str, Any]
    """name, title, version, description, file, phase, tags, requirements, sources."""
    matrix: dict[str, Any]
    seed: int
    counts: dict[str, int]
    """How many patients, studies, series, images the plan has."""
    steps: list[dict[str, Any]]
    """All steps planned, in order: ``{id, step, title, section, requirements, tags, line}``."""
    worker: str = ""
    """Of a run on a cluster, who carries it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver(Event):
    """A worker of a cluster has died, and another begins its case again, or its part of a ``send``.

    What the case has told before counts no longer but for what a PACS was seen to acknowledge, and deletions.
    """

    case: str
    part: str
    """Empty for the whole case, else which part of which step."""
    worker: str
    before: str
    """The worker that had it."""
    attempt: int
    """How often it has begun, this time included."""
    acknowledged: int
    """Instances that are known to be stored, and are not sent again."""
    unknown: list[dict[str, Any]]
    """``{step, target, image}`` of each instance that may have been sent and of which no answer is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """A step begins (once, however many attempts follow)."""

    case: str
    id: str
    step: str
    title: str
    section: Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """How far a long step has come. Rate-limited by the engine; never the last word."""

    case: str
    id: str
    done: int
    total: int | None
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged(Event):
    """A message from a step for the reader of the report."""

    case: str
    id: str
    level: Literal["info", "warning"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSent(Event):
    """What a target said about one instance, or that it said nothing; one for each, at once.

    Whoever repeats the run sends what was not acknowledged here, and nothing else.
    """

    case: str
    id: str
    target: str
    image: str
    """The plan's key of the image: ``p1.s1.e1.i1``."""
    uid: str
    """SOP instance UID."""
    status: str | None
    """The DIMSE status in hexadecimal; null when no answer came."""
    stored: bool
    """Whether it was acknowledged, with success or a warning."""
    maybe_stored: bool
    """Whether the target may have it though it was not acknowledged."""
    comment: str
    earlier: str | None = None
    """The run that this acknowledgement is from, when it is not this one."""

    def fields(self) -> dict[str, Any]:
        """As of any event, without the search for nested ones: there may be a million of these."""
        return {
            "case": self.case,
            "id": self.id,
            "target": self.target,
            "image": self.image,
            "uid": self.uid,
            "status": self.status,
            "stored": self.stored,
            "maybe_stored": self.maybe_stored,
            "comment": self.comment,
            "earlier": self.earlier,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancesSent(Event):
    """Many ``instance_sent`` in one line of ``events.ndjson``; no consumer and no stream is told of it.

    The first thousand of a run have a line each. Of the others those share one that follow each other, differ in image
    and UID alone, and were told in the same tenth of a second. ``seq`` is that of the first of them. Whoever reads
    the log makes the events of it; one that a kill has cut says all that is whole in it.
    """

    case: str
    id: str
    target: str
    uids: str
    """What the UID of each begins with."""
    sent: list[str]
    """Of each the rest of its UID. Before it, with a space between, stands the key of the image, or of one in the same
    series as the one before it the number alone; where neither does, it is the next image of that series."""
    status: str | None = "0000"
    """As this and all below in `instance_sent`; what is not there is as most of them are."""
    stored: bool = True
    maybe_stored: bool = False
    comment: str = ""
    earlier: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion(Event):
    """Studies are about to be deleted from a target, or have been."""

    case: str
    id: str
    target: str
    studies: list[str]
    """Study instance UIDs."""
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyCompared(Event):
    """A study of one target was compared with another's, or is on one of them alone.

    Whoever repeats the run does not compare again what was found equal here.
    """

    case: str
    id: str
    source: str
    target: str
    study: str
    """Study instance UID."""
    outcome: Literal["equal", "different", "missing", "extra"]
    """``missing``: on the source alone; ``extra``: on the target alone."""
    instances: int
    earlier: str | None = None
    """The run that compared it, when it is not this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSeen(Event):
    """What a target was asked for in an association, and what it answered; said once of each answer."""

    case: str
    id: str
    target: str
    implementation_class_uid: str
    implementation_version_name: str
    contexts: list[dict[str, Any]]
    """``{sop_class, outcome, reason, offered, transfer_syntax}`` each: ``accepted``, ``refused``, or ``used``: a
    message was sent; the transfer syntaxes that were offered, and which of them was accepted. Of what is asked over
    HTTP also ``service``, and neither SOP class nor transfer syntaxes."""
    product: str = ""
    """What it says it is over HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyMeasured(Event):
    """How long the operations of a step took, all since it began; said every ten seconds and when it is over."""

    case: str
    id: str
    latencies: list[dict[str, Any]]
    """One of each kind of operation, as ``cases[].steps[].latencies`` of the record has them."""

    def fields(self) -> dict[str, Any]:
        """As of any event, without a copy of what is plain already."""
        return {"case": self.case, "id": self.id, "latencies": self.latencies}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached(Event):
    """A file was put into the run folder as evidence of a step."""

    case: str
    id: str
    path: str
    """Relative to the run folder, with forward slashes."""
    media_type: str
    title: str
    subject: dict[str, Any]
    """What it shows: for a preview ``{image, series, study, patient}`` ids of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinished(Event):
    """One check of one attempt was evaluated."""

    case: str
    id: str
    attempt: int
    check: str
    title: str
    outcome: Outcome
    expected: Any
    actual: Any
    message: str
    differences: list[dict[str, Any]]
    """``{subject, attribute, expected, actual}`` each: all of them, or the examples of each kind."""
    requirements: list[str]
    difference_count: int = 0
    """How many there were."""
    foreseen: bool = False
    """It passed because it failed as ``fails`` asks for."""
    kinds: list[dict[str, Any]] = field(default_factory=list)
    """``{attribute, expected, actual, various, count, examples}`` each: every kind, whatever the number.
    A side that is ``various`` has no value but what its values have in common; the examples
    ``{subject, attribute, expected, actual}`` have them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFinished(Event):
    """One attempt of a step came to an end; retries and polls never hide one."""

    case: str
    id: str
    attempt: int
    outcome: Outcome
    message: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A step is over. A skipped step has this event and no ``step_started``."""

    case: str
    id: str
    step: str
    title: str
    section: Section
    outcome: Outcome
    attempts: int
    started: str
    """ISO 8601 UTC; for a skipped step the moment it was skipped."""
    duration_s: float
    message: str
    facts: dict[str, Any]
    """What the step reports about itself: counts, statuses, the association; plain values. Of one that did not pass
    ``templates``, too: ``{at, written, value, from}`` of each in its parameters, of an ``assert`` in the checks that failed."""
    requirements: list[str]
    foreseen: bool = False
    """It passed because it failed as ``fails`` asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFinished(Event):
    """A case is over; its outcome is the worst of its steps'."""

    case: str
    outcome: Outcome
    duration_s: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """The last event of a run that was not killed."""

    outcome: Outcome
    exit_code: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event with its number (from 1, no gaps) and its time (ISO 8601 UTC, milliseconds)."""

    seq: int
    time: str
    event: Event

    def as_json(self) -> dict[str, Any]:
        """The object that stands on one line of ``events.ndjson``."""
        return {
            "seq": self.seq,
            "time": self.time,
            "event": self.event.kind,
            **self.event.fields(),
        }


def kinds_of_event() -> list[type[Event]]:
    """All kinds there are, in the order in which they are defined."""
    return [
        one
        for one in globals().values()
        if isinstance(one, type) and issubclass(one, Event) and one is not Event
    ]


class EventHandler(Protocol):
    """A consumer of events. Called in order, from one thread at a time."""

    def handle(self, stamped: Stamped) -> None:
        """Take one event. Must not block for long and must not raise for bad content."""

    def close(self) -> None:
        """The run is over; no event follows."""
