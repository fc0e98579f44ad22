"""``run/v1``: what a run leaves behind as data. These models are the published schema.

Written by us and read by anyone: every field is always present, and a reader must expect fields that
a later version adds. Times are ISO 8601 in UTC,
durations seconds.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from scenario_runner.descriptions import DescribedSchema
from scenario_runner.events import Outcome, Section
from scenario_runner.evidence.record_latency import LatencyRecord
from scenario_runner.evidence.record_plan import PatientRecord

RunOutcome = Literal["passed", "failed", "error", "interrupted", "skipped"]


class _Part(BaseModel):
    model_config = ConfigDict(
        defer_build=True, json_schema_serialization_defaults_required=True, allow_inf_nan=False
    )


class SeenRecord(_Part):
    """A SOP class that was proposed to a target."""

    service: str
    """C-ECHO, storage, C-FIND, C-GET, C-MOVE, worklist, MPPS, storage commitment; STOW-RS, QIDO-RS, WADO-RS, DELETE;
    Orthanc REST."""
    sop_class: str
    """Its UID; empty of what is asked over HTTP."""
    outcome: Literal["used", "accepted", "refused"]
    """A message was sent; it was accepted and none was; it was refused."""
    reason: str = ""
    """Why it was refused."""
    transfer_syntaxes: dict[str, Literal["used", "accepted", "refused", "offered"]] = {}
    """What became of each, by its UID: ``refused`` is in no presentation context that was accepted, ``offered`` was
    offered beside another that was taken."""


class TargetRecord(_Part):
    """A PACS the run could talk to; never holds a credential."""

    name: str
    """Its name in the site file."""
    kind: str = ""
    """dimse, embedded, or the word of a plugin."""
    environment: str = ""
    """What the site file says it is: test, production, …"""
    host: str | None = None
    port: int | str | None = None
    """Text when it came from the environment, and so is not shown."""
    ae_title: str | None = None
    """The AE title that is called."""
    url: str | None = None
    """Of its DICOMweb service, without a user or a query."""
    product: str = ""
    """What it says it is: version name and class UID of its implementation, the name of its HTTP server, the
    version of Orthanc."""
    seen: list[SeenRecord] = []
    """What was proposed to it in associations, and what came of it."""
    not_tried: list[str] = []
    """Services over DIMSE that it could have been asked for and was not; nobody knows whether it has them."""


class DifferenceRecord(_Part):
    """One attribute that is not as it should be."""

    subject: str = ""
    """Which object: the plan's key of an image, or a UID."""
    attribute: str = ""
    """The keyword of the attribute."""
    expected: JsonValue = None
    actual: JsonValue = None


class KindRecord(_Part):
    """All differences of one attribute that are alike."""

    attribute: str = ""
    """The keyword of the attribute; ``[]`` stands for any item of a sequence."""
    expected: JsonValue = None
    actual: JsonValue = None
    """The value; of a side that varies what its values have in common, or null."""
    various: list[Literal["expected", "actual"]] = []
    """The sides that varied; the examples have their values."""
    count: int = 0
    """How often it was found."""
    examples: list[DifferenceRecord] = []
    """The first few."""


class CheckRecord(_Part):
    """One check of one attempt."""

    check: str
    """The name of the check: equal, stored, tags, …"""
    title: str = ""
    """What the scenario calls it."""
    outcome: Outcome
    expected: JsonValue = None
    actual: JsonValue = None
    message: str = ""
    """Why it failed, or what was looked at."""
    foreseen: bool = False
    """A negative test: it passed because it failed for the reason that was named."""
    differences: list[DifferenceRecord] = []
    """Each one when there are 200 at most, else the examples of each kind."""
    difference_count: int = 0
    """How many there were, kept or not."""
    kinds: list[KindRecord] = []
    """Every kind of difference, counted by attribute and values."""
    attempt: int = 1
    """The attempt of the step it belongs to; the last one counts."""
    requirements: list[str] = []


class AttemptRecord(_Part):
    """One attempt of a step."""

    attempt: int
    """From 1."""
    outcome: Outcome
    message: str = ""
    duration_s: float = 0.0


class LogRecord(_Part):
    """A message from a step to the reader."""

    time: str
    level: Literal["info", "warning"] = "info"
    message: str


class AttachmentRecord(_Part):
    """A file of evidence; ``path`` is relative to the run folder."""

    path: str
    """Relative to the run folder, with forward slashes."""
    media_type: str = ""
    title: str = ""
    subject: dict[str, JsonValue] = {}
    """What it shows: the keys of patient, study, series and image in the plan."""


class StepRecord(_Part):
    """What became of one step."""

    id: str
    """Unique within its case; a turn of for_each or repeat adds its number, as in send[0]."""
    step: str
    """The name of the step: send, query, …"""
    title: str = ""
    """What the scenario calls it."""
    section: Section = "steps"
    """finally is run whatever happened before."""
    outcome: Outcome
    attempts: int = 0
    """How many attempts were made; 0 when skipped."""
    attempt_list: list[AttemptRecord] = []
    started: str | None = None
    """null when the step was never reached."""
    duration_s: float = 0.0
    message: str = ""
    """What came out, or what went wrong, in one sentence."""
    foreseen: bool = False
    """A negative test: it passed because it failed for the reason that was named."""
    facts: dict[str, JsonValue] = {}
    """What the step reports about itself: counts, statuses, the association; under ``templates`` what those of a step
    that did not pass came to."""
    latencies: list[LatencyRecord] = []
    """How long its operations took, one of each kind: C-STORE, C-FIND, …"""
    logs: list[LogRecord] = []
    attachments: list[AttachmentRecord] = []
    """Files of evidence."""
    requirements: list[str] = []
    """What the step itself names."""
    check_requirements: list[str] = []
    """What the step's checks name, known before any of them was evaluated."""
    tags: list[str] = []
    line: int | None = None
    """Where the step stands in the scenario file."""
    progress: str = ""
    """How far a step that was cut off had come."""
    checks: list[CheckRecord] = []


class ScenarioRecord(_Part):
    """The scenario a case comes from."""

    model_config = ConfigDict(extra="allow")

    name: str = ""
    title: str = ""
    version: str = ""
    description: str = ""
    file: str = ""
    phase: str | None = None
    tags: list[str] = []
    requirements: list[str] = []
    sources: list[str] = []
    """Where it has patients from, by name: hl7, fhir, csv, json, yaml, registry, or a plugin's."""
    elsewhere: list[str] | None = None
    """The same in words, as in *a table*, without those whose patients were made up here; null in records of old."""


class CaseRecord(_Part):
    """A scenario with one combination of its matrix."""

    id: str
    """Unique within the run: the scenario, and the values of its matrix."""
    name: str
    """The scenario's name."""
    scenario: ScenarioRecord = ScenarioRecord()
    matrix: dict[str, JsonValue] = {}
    """Axis name to the value of this case."""
    outcome: Outcome
    started: str | None = None
    """null when the case was never reached."""
    duration_s: float = 0.0
    seed: int | None = None
    """What everything generated in this case is drawn from."""
    message: str = ""
    """Empty when all is well."""
    counts: dict[str, int] = {}
    """How many patients, studies, series and images were planned."""
    worker: str = ""
    """Of a run on a cluster, who carried it out."""
    from_run: str = ""
    """Of a run that repeats only what failed in another, the run in which this case passed; empty for its own."""
    patients: list[PatientRecord] = []
    """The plan: everything that was to exist, with its identifiers."""
    steps: list[StepRecord] = []
    """In the order they ran; those never reached are skipped."""


class TakenOverRecord(_Part):
    """A case, or a part of a ``send``, that another worker began again when the one that had it was lost."""

    time: str = ""
    case: str
    part: str = ""
    """Empty for the whole case, else which part of which step."""
    worker: str = ""
    """Who took it over."""
    before: str = ""
    """Who had it."""
    attempt: int = 2
    """How often it had begun by then."""
    acknowledged: int = 0
    """Instances that were known to be stored, and were not sent again."""
    unknown: list[dict[str, JsonValue]] = []
    """``{step, target, image}`` of each instance that may have been sent twice."""


class RerunRecord(_Part):
    """The run that this one repeats."""

    run: str
    """Its name."""
    folder: str = ""
    """Its folder, as it was named on the command line."""
    started: str | None = None
    outcome: str = ""
    failed_only: bool = False
    """Whether only the cases that had not passed were repeated."""
    cases: dict[str, str] = {}
    """The outcome of each of its cases."""


class ProofRecord(_Part):
    """One thing that names a requirement: a case, a step of it, or a check of that step."""

    case: str
    step: str | None = None
    check: str | None = None
    outcome: Outcome


class RequirementRecord(_Part):
    """A requirement, passed only when everything that names it passed."""

    id: str
    outcome: Outcome
    proved_by: list[ProofRecord]


class SignatureRecord(_Part):
    """A signature under a run, as it was when the report was made outside the run folder."""

    file: str
    name: str = ""
    """Who signed, as they wrote it; empty when nothing in the signature is to be believed."""
    role: str = ""
    meaning: str = ""
    """executed, reviewed, approved."""
    time: str | None = None
    """By the clock of the machine that signed."""
    remark: str = ""
    key: str = ""
    """SHA-256 of the public key."""
    vouched: str = ""
    """Who vouches for the key; empty when nobody was asked."""
    stamped: str | None = None
    """By when it was there, by the clock of a time stamp authority; null without a stamp that holds."""
    stamped_by: str = ""
    """The authority, as its certificate names it."""
    problems: list[str] = []
    """Why it does not hold; empty when it does."""


class RunRecord(_Part):
    """A whole run."""

    schema_: Literal["run/v1"] = Field(default="run/v1", alias="schema")
    id: str
    """The name of the run."""
    started: str | None = None
    """Time of the first event."""
    finished: str | None = None
    """null when the run was killed."""
    duration_s: float = 0.0
    """For a run that was killed: up to its last event."""
    outcome: RunOutcome
    """The worst of the cases; skipped when none could be carried out, interrupted when the log ends early."""
    exit_code: int | None = None
    """What the program returned; null when the run was killed."""
    seed: int | None = None
    """The seed of the run; a scenario can have its own."""
    seed_given: bool = False
    """Whether the command line gave the seed."""
    command: list[str] = []
    """The command line, the name of the program first."""
    environment: dict[str, JsonValue] = {}
    """Versions and platform."""
    site: str = ""
    """The name of the site."""
    targets: list[TargetRecord] = []
    """Every PACS the run could talk to."""
    sources: list[str] = []
    """The files read; copies lie in the folder inputs."""
    remarks: list[str] = []
    """What sources of patients, such as HL7 and FHIR, took though it is unusual, or left aside."""
    rerun_of: RerunRecord | None = None
    """null for a run that repeats none."""
    taken_over: list[TakenOverRecord] = []
    """Of a run on a cluster: what workers left unfinished, and others took over."""
    cases: list[CaseRecord] = []
    requirements: list[RequirementRecord] = []
    """The traceability matrix."""
    problems: list[str] = []
    """What is wrong with the record itself: lines that cannot be read, a plan that is missing."""
    redacted: bool = False
    """Whether this is a copy for others, in which people and their numbers have pseudonyms."""
    signatures: list[SignatureRecord] = []
    """Empty in the run folder itself, which is what they sign."""

    model_config = ConfigDict(populate_by_name=True, title="A run of DICOM Fabricator")


def published_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``run.json``, as ``schemas/run.v1.schema.json`` has it."""
    schema = RunRecord.model_json_schema(
        mode="serialization", by_alias=True, schema_generator=DescribedSchema
    )
    parts = schema.pop("$defs")
    for part in (schema, *parts.values()):
        for field in part.get("properties", {}).values():
            field.pop("title", None)  # it only repeats the name
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "run.v1.schema.json",
        **schema,
        "$defs": parts,
    }
