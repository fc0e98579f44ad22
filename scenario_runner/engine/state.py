"""What one case remembers from step to step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api import Inbox, Ledger, Picture, Target
from scenario_runner.engine.measures import Measures
from scenario_runner.engine.outlet import Outlet
from scenario_runner.engine.passed_over import why_missing
from scenario_runner.engine.services import Factory, Job, Keep, Services
from scenario_runner.errors import FabricatorError, UsageError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance
    from scenario_runner.language.entries import StepEntry
    from scenario_runner.language.uses import Branch
    from scenario_runner.measuring.measured import Measured
    from scenario_runner.planning.plan import PlannedCase, PlannedImage

PREVIEWS_IN_A_CASE = 12
"""Pictures of a case, for each that a series may have."""
LOGS_IN_A_CASE = 500
"""Logs of associations; those of further ones are left out."""


@dataclass(slots=True)
class CaseState:
    """Captures, durations and the ledger of one case."""

    job: Job
    services: Services
    names: dict[str, Any]
    """What templates see: vars, matrix, run, site, the plan and everything saved."""
    factory: Factory
    """Of all steps that run one after the other."""
    targets: Callable[[str], Target]
    scratch: Path
    """A folder that is removed when the case is over."""
    folder: str = ""
    """What its files are kept in, among those of the case; empty for all that is no part of a step."""
    ledger: Ledger = field(default_factory=Ledger)
    values: dict[str, Any] = field(default_factory=dict)
    """What each step gave, by step id."""
    saved_by: dict[str, str] = field(default_factory=dict)
    """Which step stored a ``save_as`` name."""
    turns: dict[str, list[str]] = field(default_factory=dict)
    """Of each step with ``for_each`` or ``repeat``, the ids that its turns had."""
    absent: dict[str, str] = field(default_factory=dict)
    """Ids and ``save_as`` names of steps whose target lacks the service, each with the reason they were skipped for."""
    passed_over: dict[str, str] = field(default_factory=dict)
    """Ids and ``save_as`` names of steps that were skipped, each with the step and the reason."""
    notes: dict[str, Any] = field(default_factory=dict)
    """What kinds of steps keep for themselves, by the name of the step."""
    durations: dict[str, float] = field(default_factory=dict)
    keep: Keep = "none"
    """Which objects stay in the run folder."""
    previews: int = 1
    """Of how many images of a series a picture is kept."""
    previewed: set[str] = field(default_factory=set)
    suspects: dict[str, str] = field(default_factory=dict)
    """Keys or UIDs of objects that were not stored or not as they should be, with the step that says so."""
    seen: set[tuple[str, str, str, str]] = field(default_factory=set)
    """What was told of the targets: name, SOP class, outcome and reason."""
    inbox: Inbox | FabricatorError | None = None
    """What came in by HL7 v2, or why nothing can; None where no step asks for it."""
    measures: Measures = field(init=False)
    """How long operations took."""
    attachments: int = 0
    logs: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _factories: dict[Branch, Factory] = field(default_factory=dict)
    """Of each branch of a ``parallel``, for a factory belongs to one thread."""
    _meeting: threading.Lock = field(default_factory=threading.Lock)
    _told: dict[str, Target] = field(default_factory=dict)
    """The targets that know of this case."""

    def __post_init__(self) -> None:
        self.measures = Measures(self.job.case.id)
        told = self.job.came_to
        if told is not None:
            self.measures.know(told.step, told.measured)
            self.notes[told.step] = told.facts

    def target(self, name: str) -> Target:
        """The PACS of that name; it learns of the case when it is first asked for."""
        target = self.targets(name)
        with self._meeting:
            if name not in self._told:
                self._told[name] = target
                target.case_began(self.job.case)
        return target

    def factory_of(self, entry: StepEntry) -> Factory:
        """What makes the instances of a step."""
        branch = entry.branch
        if branch is None:
            return self.factory
        if branch not in self._factories:  # nobody else asks for this branch's
            self._factories[branch] = self.services.factory()
        return self._factories[branch]

    def names_for(self, entry: StepEntry) -> Mapping[str, Any]:
        """What the templates of a step see. Raises InvalidInput for a parameter that does not fit."""
        names = self.names
        if entry.branch is not None:
            names = dict(names)  # a step beside this one may save something meanwhile
        return names if entry.use is None else entry.use.scope.names(names)

    def part(self) -> None:
        """Tell the targets that the case is over."""
        for target in self._told.values():
            target.case_ended(self.job.case)

    def save(self, step_id: str, save_as: str | None, value: Any) -> None:
        """Keep a step's value under its id and, for templates, under ``save_as``."""
        self.values[step_id] = value
        if save_as is not None:
            self.names[save_as] = value
            self.saved_by[save_as] = step_id

    def saved(self, name: str, called: Sequence[str] = ()) -> Any:
        """A value by ``save_as`` name or step id, or one of the ids it is called from where it is asked for.

        Raises UsageError when there is none.
        """
        known: Mapping[str, Any] = {**self.values, **self._captures()}
        for each in (*called, *map(self.id_of, called)):
            if each in known:
                return known[each]
        if name not in known:
            raise UsageError(
                f"nothing was saved as '{name}'",
                hint=why_missing(self.passed_over, (*called, name))
                or f"saved so far: {', '.join(sorted(known)) or 'nothing'}",
            )
        return known[name]

    def steps_called(self, names: Sequence[str]) -> list[str]:
        """The ids that names may stand for: each is one, or what such a step saved is called so."""
        return list(dict.fromkeys(each for name in names for each in (name, self.id_of(name))))

    def id_of(self, name: str) -> str:
        """The id of the step, or of one of its turns, that saved under a name; else the name itself."""
        if name in self.saved_by:
            return self.saved_by[name]
        step, bracket, place = name.rpartition("[")
        return f"{self.saved_by[step]}[{place}" if bracket and step in self.saved_by else name

    def _captures(self) -> dict[str, Any]:
        saves = {
            entry.save_as
            for entry in (
                *self.job.scenario.setup,
                *self.job.scenario.steps,
                *self.job.scenario.final,
            )
            if entry.save_as
        }
        return {name: self.names[name] for name in saves if name in self.names}


@dataclass(eq=False)
class Attempt:
    """One attempt of one step of a case: which, and what its templates see."""

    state: CaseState
    entry: StepEntry
    step_id: str
    attempt: int
    names: Mapping[str, Any]
    outlet: Outlet = field(init=False)
    """What it may still say."""
    pictures: list[Picture] = field(init=False, default_factory=list)
    """What its checks found, for eyes."""
    failed_checks: list[int] = field(init=False, default_factory=list)
    """The places of those that failed."""

    def __post_init__(self) -> None:
        self.outlet = Outlet(self.state.services.bus, self.entry.section)

    @property
    def case(self) -> PlannedCase:
        """The plan of this case."""
        return self.state.job.case

    @property
    def ledger(self) -> Ledger:
        """What this case has sent so far."""
        return self.state.ledger

    def builder(self) -> Callable[[PlannedImage], Instance]:
        """What builds instances, with a factory of its own."""
        build = self.state.services.factory().instance
        ledger = self.ledger

        def instance(image: PlannedImage) -> Instance:
            source = ledger.source(image.series)
            return source(image) if source else build(image, ledger.modifications(image.series))

        return instance

    def took(
        self,
        operation: str,
        seconds: float | None,
        *,
        failed: bool = False,
        late: float | None = None,
        ago: float = 0.0,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Count how long one operation took."""
        self.state.measures.took(
            self.step_id,
            operation,
            seconds,
            self.outlet.emit,
            failed=failed,
            late=late,
            ago=ago,
            labels=labels,
        )

    def measured(
        self, step_id: str | None = None, operation: str | None = None
    ) -> Mapping[str, Measured]:
        """What an earlier step measured."""
        called = () if step_id is None else self.state.steps_called(self.entry.called(step_id))
        return self.state.measures.of(
            called, operation, why_missing(self.state.passed_over, called)
        )
