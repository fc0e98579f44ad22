"""The context of one attempt of one step: what ``Step.run`` is handed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from scenario_runner.amounts import amount
from scenario_runner.api import (
    CheckResult,
    Deadline,
    Inbox,
    Retrieved,
    SiteRules,
    Target,
    WorklistFolder,
)
from scenario_runner.api.guessed import evaluated_as_it_fits
from scenario_runner.engine.attempt_instances import AttemptInstances
from scenario_runner.engine.checking import evaluate_checks, is_judged, judging
from scenario_runner.engine.given_back import plain
from scenario_runner.engine.passed_over import why_missing
from scenario_runner.engine.state import CaseState
from scenario_runner.errors import FabricatorError, UsageError, Where
from scenario_runner.events import (
    Logged,
    PeerSeen,
    Progress,
)
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.templates import evaluate, holds

if TYPE_CHECKING:
    from scenario_runner.events import Section


class AttemptContext(AttemptInstances):
    """Implements ``api.StepContext``."""

    def __init__(
        self,
        state: CaseState,
        entry: StepEntry,
        step_id: str,
        attempt: int,
        deadline: Deadline,
        names: Mapping[str, Any],
    ) -> None:
        super().__init__(state, entry, step_id, attempt, names)
        self.deadline = deadline
        self.captured: Any = None
        self.captured_facts: Mapping[str, Any] | None = None
        self.captured_message = ""
        self.how_far = ""
        """What a step with a time limit had done when that was over."""
        self.must_stop = False
        seed = f"{state.job.case.seed}/{state.job.case.id}/{step_id}/{attempt}"
        self.random = Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - not a secret

    @property
    def section(self) -> Section:
        """Whether this step stands under ``steps`` or ``finally``."""
        return self.entry.section

    @property
    def is_to_fail(self) -> bool:
        """Whether this step stands beside ``fails``."""
        return self.entry.fails is not None

    @property
    def is_judged_later(self) -> bool:
        """Whether a check after this step names what it saves, and looks at more than how it ended."""
        scenario = self.state.job.scenario
        entries = [*scenario.steps, *scenario.final]
        return is_judged(self.entry, entries, self.state.services.checks)

    def judged_by(self, check: str) -> list[Mapping[str, Any]]:
        """The checks of that name which come after this step and are about it."""
        scenario = self.state.job.scenario
        return judging(self.entry, [*scenario.setup, *scenario.steps, *scenario.final], check)

    @property
    def inbox(self) -> Inbox:
        """What came in by HL7 v2."""
        inbox = self.state.inbox
        if inbox is None:
            raise UsageError("this step does not say that it receives messages")
        if isinstance(inbox, FabricatorError):
            raise inbox
        return inbox

    @property
    def rules(self) -> SiteRules:
        """The site's, of messages and resources."""
        return self.state.services.rules

    @property
    def notes(self) -> dict[str, Any]:
        """What steps keep for later ones of their kind in this case."""
        return self.state.notes

    def target(self, name: str) -> Target:
        """The PACS of that name, opened on first use."""
        self.outlet.require()
        target = self.state.target(name).watched(partial(self._seen, name))
        if not target.log_pdus:
            return target
        return target.logging(partial(self._keep_log, name))

    def _seen(self, target: str, shown: Mapping[str, Any]) -> None:
        """Tell what an association showed of a target, unless it was told in this case."""
        with self.state.lock:
            told = self.state.seen
            keys = {
                (
                    target,
                    one.get("service") or one["sop_class"],
                    one["outcome"],
                    one["reason"],
                    *one.get("offered", ()),
                    one.get("transfer_syntax"),
                ): one
                for one in shown["contexts"]
            }
            new = [one for key, one in keys.items() if key not in told]
            told.update(keys)
        if new:
            self.outlet.emit(
                PeerSeen(
                    case=self.case.id,
                    id=self.step_id,
                    target=target,
                    implementation_class_uid=shown.get("implementation_class_uid", ""),
                    implementation_version_name=shown.get("implementation_version_name", ""),
                    contexts=new,
                    product=shown.get("product", ""),
                )
            )

    def targets_called(self, ae_title: str) -> list[str]:
        """Names of targets by their AE title."""
        facts = self.state.services.targets.facts()
        return [one.name for one in facts if one.ae_title == ae_title.strip()]

    def rate(self, given: float | None) -> float | None:
        """What this process may use of a rate that the whole run is held to."""
        return None if given is None else given * self.state.services.share

    def saved(self, name: str) -> Any:
        """A value by ``save_as`` name or step id."""
        return self.state.saved(name, self.entry.called(name))

    def capture(
        self, value: Any, facts: Mapping[str, Any] | None = None, message: str = ""
    ) -> None:
        """Keep what is known so far in case the step ends in an error."""
        self.captured, self.captured_message = value, message
        self.captured_facts = None if facts is None else plain(facts)

    def duration_of(self, step_id: str) -> float:
        """Seconds of an earlier step."""
        durations = self.state.durations
        called = self.state.steps_called(self.entry.called(step_id))
        for each in called:
            if each in durations:
                return durations[each]
        raise UsageError(
            f"no step '{step_id}' has run",
            hint=why_missing(self.state.passed_over, called)
            or f"steps so far: {', '.join(durations) or 'none'}",
        )

    def evaluate(self, expression: str | bool, names: Mapping[str, Any]) -> Any:
        """Evaluate a deferred expression; text of no declared character set is read as it fits there."""
        return self._worked_out(evaluate, expression, names)

    def holds(self, expression: str | bool, names: Mapping[str, Any]) -> bool:
        """Whether a deferred condition holds; text of no declared character set is read as it fits there."""
        return bool(self._worked_out(holds, expression, names))

    def _worked_out(
        self, work: Callable[..., Any], expression: str | bool, names: Mapping[str, Any]
    ) -> Any:
        if isinstance(expression, bool):
            return expression
        where = self._where(expression)
        seen = {**self.names, **names}
        return evaluated_as_it_fits(self.notes, seen, lambda names: work(expression, names, where))[
            0
        ]

    def _where(self, expression: str) -> Where:
        """Where a deferred expression stands: the parameter of this step that holds it."""
        origins = self.entry.origins
        path = self.entry.parameters_path
        for below in self.state.services.steps[self.entry.step].deferred:
            value: Any = self.entry.parameters
            for key in below:
                value = value.get(key) if isinstance(value, Mapping) else None
            if value == expression:
                return origins.where((*path, *below))
        return origins.where(path)

    def checks(self, entries: Any) -> list[CheckResult]:
        """Evaluate a list of checks, each reported as an event."""
        results, self.must_stop = evaluate_checks(self, self, entries)
        return results

    def validator(self, name: str) -> Any:
        """A registered validator."""
        validators = self.state.services.validators
        if name not in validators:
            raise UsageError(
                f"no validator is called '{name}'", hint=f"there are: {', '.join(validators)}"
            )
        return validators[name]

    def now(self) -> dt.datetime:
        """The time, UTC."""
        return self.state.services.clock()

    def log(self, message: str, level: Literal["info", "warning"] = "info") -> None:
        """Say something to the reader of the report."""
        said = str(message)  # of a plugin it may be anything
        self.outlet.emit(Logged(case=self.case.id, id=self.step_id, level=level, message=said))

    def progress(self, done: int, total: int | None = None, unit: str = "instances") -> None:
        """Say how far the step has come."""
        self.how_far = f"{done}{f' of {total}' if total else ''} {unit}"
        self.outlet.emit(
            Progress(case=self.case.id, id=self.step_id, done=done, total=total, unit=unit)
        )

    def worklist(self, folder: Path) -> WorklistFolder:
        """The folder of a worklist server."""
        from scenario_runner.orders.worklist_folder import SharedFolder

        return SharedFolder(folder, str(self.names["site"]["ae_title"]), self.deadline)

    def retrieved(self, of: Any) -> Retrieved:
        """The handle that ``of`` is or names."""
        value = self.saved(of) if isinstance(of, str) else of
        if isinstance(value, list) and any(isinstance(one, Retrieved) for one in value):
            raise UsageError(
                f"'{of}' holds what {amount(len(value), 'turn')} retrieved, one by one",
                hint=f'name one of them: of: "{{{{ {of}[0] }}}}" is the first',
            )
        if not isinstance(value, Retrieved):
            raise UsageError(
                f"'{of}' holds no instances that a 'retrieve' step saved",
                hint="name a retrieve of instances; 'as: metadata' and the like bring none",
            )
        return value
