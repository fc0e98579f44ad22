"""One case from its first step to the last of ``finally``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from scenario_runner.api import Deadline, Target
from scenario_runner.engine.bus import utc_text
from scenario_runner.engine.context import remove_scratch
from scenario_runner.engine.services import Control, Job, Order, Services
from scenario_runner.engine.state import CaseState
from scenario_runner.engine.step import (
    Ending,
    StepRunner,
    finish,
    from_error,
    skip,
    together,
    worst,
)
from scenario_runner.errors import FabricatorError, InvalidInput
from scenario_runner.events import CaseFinished, CaseStarted
from scenario_runner.language.check import no_list
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.scenario import Scenario
from scenario_runner.language.templates import evaluate, render_tree

NOTHING = Ending("skipped", "")


class CaseRunner:
    """Runs one job. Captures survive a failed step; ``finally`` always runs and sees them."""

    def __init__(self, job: Job, services: Services, order: Order, control: Control) -> None:
        from scenario_runner.planning.views import names

        self._job = job
        self._services = services
        self._order = order
        self._control = control
        self._scratch = Path(tempfile.mkdtemp(prefix="fabricate-"))
        known = {
            **services.names,
            "vars": job.case.vars,
            "matrix": job.case.matrix,
            **names(job.case),
        }
        self._stack = ExitStack()
        targets: Callable[[str], Target] = services.targets
        if any(services.steps[entry.step].changes_targets for entry in _entries(job)):
            targets = self._stack.enter_context(services.targets.apart())
        self._state = CaseState(job, services, known, services.factory(), targets, self._scratch)
        self._stack.callback(self._state.part)

    def run(self) -> Ending:
        """Run everything and say how the case ended. Raises nothing a scenario can cause."""
        started = perf_counter()
        self._services.bus.emit(case_started(self._job))
        try:
            ending = self._steps()
            cleanup = self._finally()
        finally:
            self._stack.close()
            remove_scratch(self._scratch)
        ending = together(ending, cleanup)
        if ending.outcome == "skipped" and not ending.moot:
            ending = Ending("skipped", "no step ran")
        self._services.bus.emit(
            CaseFinished(
                case=self._job.case.id,
                outcome=ending.outcome,
                duration_s=round(perf_counter() - started, 6),
                message="" if ending.outcome == "passed" else ending.message,
            )
        )
        return ending

    def _steps(self) -> Ending:
        result, why = NOTHING, ""
        waiting = self._order.from_step
        for entry in self._job.scenario.steps:
            if waiting is not None and entry.id != waiting:
                skip(self._state, entry, entry.id, f"before --from {waiting}")
                continue
            waiting = None
            if why:
                skip(self._state, entry, entry.id, why)
                continue
            deadline = Deadline(None, self._control.stop)
            ending = self._entry(entry, deadline)
            result = together(result, ending)
            if ending.outcome == "interrupted":
                why = "the run was interrupted"
            elif ending.outcome in ("failed", "error"):
                why = f"step '{entry.id}' did not pass"
            elif ending.moot:
                why = f"step '{entry.id}' had nothing to do"
        return result

    def _finally(self) -> Ending:
        result = NOTHING
        for entry in self._job.scenario.final:
            deadline = Deadline(None, self._control.stop_finally)
            result = worst(result, self._entry(entry, deadline))
        return result

    def _entry(self, entry: StepEntry, deadline: Deadline) -> Ending:
        """One entry: once, or once for each item of ``for_each``."""
        if entry.for_each is None:
            return self._once(entry, entry.id, deadline, self._state.names)
        try:
            items = self._items(entry)
        except FabricatorError as error:
            return self._cannot_start(entry, entry.id, error)
        if not items:
            return skip(self._state, entry, entry.id, "for_each has no items")
        endings, values = [], []
        for index, item in enumerate(items):
            step_id = f"{entry.id}[{index}]"
            names = {**self._state.names, "item": item}
            endings.append(self._once(entry, step_id, deadline, names, save=False))
            values.append(self._state.values.get(step_id))
            if endings[-1].outcome == "interrupted":
                break
        self._state.save(entry.id, entry.save_as, values)
        self._state.durations[entry.id] = sum(
            self._state.durations.get(f"{entry.id}[{index}]", 0.0) for index in range(len(items))
        )
        return worst(*endings)

    def _items(self, entry: StepEntry) -> Sequence[Any]:
        document = self._job.scenario.document
        path = (*entry.path, "for_each")
        items = render_tree(entry.for_each, self._state.names, document.where, path)
        if problem := no_list(document, path, items):
            raise InvalidInput([problem])
        return cast("Sequence[Any]", items)

    def _once(
        self,
        entry: StepEntry,
        step_id: str,
        deadline: Deadline,
        names: Mapping[str, Any],
        *,
        save: bool = True,
    ) -> Ending:
        try:
            if entry.when is not None and not evaluate(entry.when, names):
                return skip(self._state, entry, step_id, "'when' does not hold")
        except FabricatorError as error:
            return self._cannot_start(entry, step_id, error)
        ending = StepRunner(self._state, entry, step_id, deadline, names).run()
        self._state.save(step_id, entry.save_as if save else None, ending.value)
        return ending

    def _cannot_start(self, entry: StepEntry, step_id: str, error: FabricatorError) -> Ending:
        """``when`` or ``for_each`` could not be evaluated: an error of the step, as an attempt."""
        ending = from_error(error, None)
        now = utc_text(self._services.clock())
        finish(self._state, entry, step_id, ending, 0, now, 0.0)
        return ending


def _entries(job: Job) -> tuple[StepEntry, ...]:
    return (*job.scenario.steps, *job.scenario.final)


def _check_requirements(entry: StepEntry) -> list[str]:
    """What the checks of an entry verify, known before any is evaluated."""
    checks = entry.parameters if isinstance(entry.parameters, list) else []
    named = [check.get("requirements") or () for check in checks if isinstance(check, dict)]
    return list(dict.fromkeys(str(one) for several in named for one in several))


def scenario_facts(scenario: Scenario) -> dict[str, Any]:
    """What the evidence says about a scenario."""
    header = scenario.header
    return {
        "name": header.name,
        "title": header.title,
        "version": header.version,
        "description": header.description,
        "file": scenario.document.file,
        "phase": header.phase,
        "tags": list(header.tags),
        "requirements": list(header.requirements),
    }


def planned_steps(scenario: Scenario) -> list[dict[str, Any]]:
    """All steps of a scenario in order, with what they and their checks verify."""
    return [
        {
            "id": entry.id,
            "step": entry.step,
            "title": entry.title or "",
            "section": entry.section,
            "requirements": list(entry.requirements),
            "check_requirements": _check_requirements(entry),
            "tags": list(entry.tags),
            "line": scenario.document.where(entry.path).line,
        }
        for entry in (*scenario.steps, *scenario.final)
    ]


def case_started(job: Job) -> CaseStarted:
    """The event that opens a case, with everything its record needs to know beforehand."""
    case = job.case
    return CaseStarted(
        case=case.id,
        name=case.name,
        scenario=scenario_facts(job.scenario),
        matrix=dict(case.matrix),
        seed=job.seed,
        counts=case.counts(),
        steps=planned_steps(job.scenario),
    )
