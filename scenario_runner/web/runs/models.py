"""What the endpoints of runs and scenarios take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scenario_runner.app.served_runs import Wish
from scenario_runner.web.text import Text

_Name = Annotated[Text, Field(min_length=1, max_length=64)]
_Long = Annotated[Text, Field(max_length=1 << 20)]
_Short = Annotated[Text, Field(max_length=1_000)]
_SEED = 2**63 - 1


class Given(BaseModel):
    """A body. What is not known is refused: a misspelt key would go unnoticed."""

    model_config = ConfigDict(extra="forbid")


class ScenarioGiven(Given):
    """A scenario that is looked at: by its name, or as text with files beside it."""

    scenario: _Name | None = Field(None, description="The name of one that is kept here.")
    text: _Long | None = Field(None, description="Or the scenario itself, as YAML.")
    files: dict[_Name, _Long] = Field(
        default_factory=dict, description="Files beside it, by name.", max_length=20
    )
    site: Literal["embedded", "archive"] | None = Field(
        None,
        description="`archive` for the server's own, as the target `pacs`; `embedded` for an embedded PACS that goes "
        "with the run; by default the server's site file.",
    )
    set: dict[_Name, _Short | int | float | bool] = Field(
        default_factory=dict,
        description="Values of variables, and of axes as `matrix.AXIS`, as after `--set`.",
        max_length=200,
    )
    seed: Annotated[int, Field(ge=0, le=_SEED)] | None = Field(
        None, description="Of everything generated."
    )

    def wish(self) -> Wish:
        """For the run desk."""
        return Wish(**{**self.model_dump(), "set": {k: _written(v) for k, v in self.set.items()}})


class RunGiven(ScenarioGiven):
    """A run that is asked for."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"scenario": "xray_smoke", "seed": 7}]}
    )

    tag: _Short | None = Field(None, description="Run only if its tags fit: 'smoke and not slow'.")
    workers: int = Field(1, ge=1, le=64, description="So many cases side by side.")
    fail_fast: bool = Field(False, description="Start no further case after one did not pass.")
    keep_patients: bool = Field(False, description="Keep every patient in the registry.")
    log_pdus: bool = Field(False, description="Keep a log of every PDU as evidence.")
    allow_production: bool = Field(
        False, description="Let a target be used whose environment may be production."
    )


class ScheduleGiven(RunGiven):
    """A run that is started by the clock."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"scenario": "xray_smoke", "cron": "30 2 * * mon-fri", "zone": "Europe/Berlin"}
            ]
        },
    )

    cron: Annotated[Text, Field(max_length=200)] = Field(
        description="Minute, hour, day of the month, month, day of the week."
    )
    zone: Annotated[Text, Field(max_length=100)] = Field("UTC", description="An IANA time zone.")
    schedule_title: Annotated[Text, Field(max_length=200)] = Field(
        "", description="For people; by default the scenario's title."
    )

    def wish(self) -> Wish:
        """Of each run."""
        return RunGiven(**self.model_dump(exclude={"cron", "zone", "schedule_title"})).wish()


class StopGiven(Given):
    """How a run is stopped."""

    at_once: bool = Field(False, description="Leave out `finally`, as a second Ctrl-C does.")


class PauseGiven(Given):
    """Whether a schedule is paused."""

    paused: bool


class ScenarioSaved(Given):
    """A scenario to keep."""

    text: _Long = Field(description="The scenario as YAML.")


class RunState(BaseModel):
    """A run as the server knows it."""

    id: str = Field(examples=["20260131T093000Z-3f2a"])
    scenario: str
    title: str
    state: Literal["queued", "running", "ended"]
    outcome: str | None = Field(
        description="passed, failed, error, skipped or interrupted as the record says; refused (it ended before there "
        "was one), died (its process went without a word), withdrawn (stopped in the queue); null until it has ended."
    )
    exit_code: int | None = Field(description="Of `fabricate run`.")
    message: str | None = Field(description="Why, where there is no record to say so.")
    who: str
    asked: str
    began: str | None
    ended: str | None
    stopped_by: str | None
    repeats: str | None = Field(description="The run that it repeats.")
    schedule: int | None
    site: str | None
    set: dict[str, str]
    seed: int | None
    tag: str | None
    workers: int
    allow_production: bool


class RunPage(BaseModel):
    """Some runs, the newest first."""

    runs: list[RunState]
    total: int
    limit: int
    offset: int


class EvidenceEntry(BaseModel):
    """A file of the run folder."""

    path: str
    size: int


class EvidenceList(BaseModel):
    """The files of the run folder, up to five thousand."""

    files: list[EvidenceEntry]


class ScheduleState(BaseModel):
    """A schedule."""

    number: int
    title: str
    cron: str
    zone: str
    scenario: str
    who: str
    made: str
    next: str | None = Field(description="When it is due next, in its own zone; null when paused.")
    paused: bool
    last_run: str | None


class ScheduleList(BaseModel):
    """All schedules, the one that is due first before the others."""

    schedules: list[ScheduleState]


class ScenarioHead(BaseModel):
    """A scenario in the list."""

    name: str
    title: str
    tags: list[str]
    source: Literal["own", "shipped"]


class ScenarioPage(BaseModel):
    """Some scenarios, own ones first."""

    scenarios: list[ScenarioHead]
    total: int
    limit: int
    offset: int


class ScenarioText(BaseModel):
    """A scenario with its text."""

    name: str
    source: Literal["own", "shipped"]
    version: str = Field(description="As in the ETag.")
    text: str


class Finding(BaseModel):
    """One thing that is wrong; lines and columns from 1, the end column exclusive."""

    code: str
    severity: Literal["error", "warning"]
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    path: str
    message: str
    hint: str | None


class Findings(BaseModel):
    """What is wrong with a scenario, in order."""

    diagnostics: list[Finding]


class CursorGiven(Given):
    """A place in a scenario that is being written."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"text": "schema: scenario/v1\nna", "offset": 22}]},
    )

    text: _Long = Field(description="The scenario as YAML, as far as it is.")
    offset: Annotated[int, Field(ge=0, le=1 << 20)] = Field(
        description="Characters (of Unicode) before the place."
    )


class Offered(BaseModel):
    """One thing that can stand at a place."""

    label: str
    kind: Literal["key", "value", "name"]
    insert: str = Field(description="What is put there.")
    detail: str = Field(description="In a line; may be empty.")
    documentation: str = Field(description="In Markdown; may be empty.")


class Offers(BaseModel):
    """What can stand at a place, instead of the text between two offsets."""

    start: int
    end: int
    items: list[Offered]


class Told(BaseModel):
    """What is to be known of the text between two offsets, in Markdown; empty for nothing."""

    start: int
    end: int
    text: str


def _written(value: Any) -> str:
    """A value of JSON as it is written after ``--set``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
