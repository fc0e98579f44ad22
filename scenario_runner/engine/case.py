"""One case from its first step to the last of ``finally``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from threading import Event
from time import perf_counter
from typing import Any

from scenario_runner.api import Deadline, Step, Target
from scenario_runner.engine.beside import beside
from scenario_runner.engine.entry import EntryRunner
from scenario_runner.engine.kept_objects import keep_objects
from scenario_runner.engine.planned import planned_steps, scenario_facts
from scenario_runner.engine.services import Control, Job, Order, Services
from scenario_runner.engine.state import CaseState
from scenario_runner.engine.step import (
    Ending,
    from_thrown,
    skip,
    together,
    worst,
)
from scenario_runner.errors import FabricatorError
from scenario_runner.events import CaseFinished, CaseStarted
from scenario_runner.fields.scalars import as_written
from scenario_runner.language.branches import side_by_side
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.templates import holds, render_tree
from scenario_runner.temporary import TemporaryFolder

NOTHING = Ending("skipped", "")


class CaseRunner:
    """Runs one job. Captures survive a failed step; ``finally`` always runs and sees them."""

    def __init__(self, job: Job, services: Services, order: Order, control: Control) -> None:
        from scenario_runner.planning.views import names

        self._job = job
        self._services = services
        self._order = order
        self._control = control
        self._scratch = TemporaryFolder()
        known = {
            **services.names,
            "vars": job.case.vars,
            "matrix": job.case.matrix,
            **names(job.case),
            **({} if job.case.row is None else {"row": dict(job.case.row)}),
        }
        self._stack = ExitStack()
        targets: Callable[[str], Target] = services.targets
        if any(self._step(entry).changes_targets for entry in _entries(job)):
            targets = self._stack.enter_context(services.targets.apart())
        self._state = CaseState(
            job,
            services,
            known,
            services.factory(),
            targets,
            self._scratch.path,
            keep=order.keep,
            previews=order.previews,
        )
        self._entries = EntryRunner(self._state)
        self._stack.callback(self._state.part)
        self._listen()

    def _listen(self) -> None:
        """Take messages from now on, where steps wait for them; what goes wrong is for them to say."""
        waiting = [one for one in _entries(self._job) if self._step(one).receives_messages]
        if not waiting:
            return
        try:
            inbox = self._state.inbox = self._stack.enter_context(self._services.inbox())
        except FabricatorError as error:
            self._state.inbox = error
            return
        for entry in waiting:
            self._step(entry).announce(entry.id, self._known(entry), inbox)

    def _known(self, entry: StepEntry) -> Mapping[str, Any]:
        """The parameters of a step as far as the plan decides them; without what is saved on the way."""
        given = entry.parameters if isinstance(entry.parameters, Mapping) else {}
        document = self._job.scenario.document
        known: dict[str, Any] = {}
        for name, value in given.items():
            with contextlib.suppress(FabricatorError):
                path = (*entry.parameters_path, name)
                known[name] = render_tree(value, self._state.names_for(entry), document.where, path)
        return known

    def _step(self, entry: StepEntry) -> type[Step]:
        return self._services.steps[entry.step]

    def run(self) -> Ending:
        """Run everything and say how the case ended. Raises nothing a scenario can cause."""
        started = perf_counter()
        self._services.bus.emit(case_started(self._job))
        reason = self._guarded("'skip'", self._left_out)
        if reason.message:
            return self._over(self._skipped(reason), started)
        ready = self._guarded("'setup'", self._setup)
        bad = ready.outcome in ("failed", "error", "interrupted")
        ending = self._guarded(
            "the case", lambda: self._steps("'setup' did not pass" if bad else "")
        )
        ending = together(ending, ready)
        cleanup = self._guarded("'finally'", self._finally)
        passed = together(ending, cleanup).outcome in ("passed", "skipped")
        kept = self._guarded("keeping objects", lambda: self._keep(passed=passed))
        parted = self._guarded("a target", self._part)
        ending = together(ending, worst(cleanup, kept, parted))
        if ending.outcome == "skipped" and not ending.moot:
            ending = Ending("skipped", "no step ran")
        return self._over(ending, started)

    def _left_out(self) -> Ending:
        """Why the case is not run, if it is not. Raises InvalidInput."""
        skip_ = self._job.scenario.header.skip
        if skip_ is None:
            return NOTHING
        where = self._job.scenario.origins.where
        if not holds(skip_.when, self._state.names, where(("skip", "when"))):
            return NOTHING
        reason = render_tree(skip_.reason, self._state.names, where, ("skip", "reason"))
        return Ending("skipped", f"skipped: {as_written(reason)}", moot=True)

    def _skipped(self, ending: Ending) -> Ending:
        """None of the steps runs, those of ``finally`` neither: there is nothing to tidy up."""
        for entry in _entries(self._job):
            skip(self._state, entry, entry.id, ending.message)
        self._guarded("a target", self._part)
        return ending

    def _over(self, ending: Ending, started: float) -> Ending:
        self._services.bus.emit(
            CaseFinished(
                case=self._job.case.id,
                outcome=ending.outcome,
                duration_s=round(perf_counter() - started, 6),
                message="" if ending.outcome == "passed" else ending.message,
            )
        )
        return ending

    def _guarded(self, what: str, work: Callable[[], Ending]) -> Ending:
        """What a part of the case came to, also when something outside of its steps threw."""
        try:
            return work()
        except BaseException as error:  # noqa: BLE001 - what follows has to be done whatever it is
            return from_thrown(what, error, self._services)

    def _keep(self, *, passed: bool) -> Ending:
        keep_objects(self._state, passed=passed)
        return NOTHING

    def _part(self) -> Ending:
        try:
            self._stack.close()
        finally:
            self._scratch.remove(hurried=self._control.stop.is_set())
        return NOTHING

    def _setup(self) -> Ending:
        """What has to be there before; a check that fails in it says nothing of what is tested."""
        result = self._in_order(self._job.scenario.setup, NOTHING, "")
        if result.outcome == "failed":
            return replace(result, outcome="error", exit_code=4, message=f"setup: {result.message}")
        return replace(result, outcome="skipped") if result.outcome == "passed" else result

    def _steps(self, why: str = "") -> Ending:
        result = NOTHING
        waiting = self._order.from_step
        entries = self._job.scenario.steps
        begin = next((n for n, entry in enumerate(entries) if entry.id == waiting), 0)
        if waiting is not None and not any(entry.id == waiting for entry in entries):
            begin = len(entries)
        for entry in entries[:begin]:
            skip(self._state, entry, entry.id, f"before --from {waiting}")
        return self._in_order(entries[begin:], result, why)

    def _in_order(self, entries: Sequence[StepEntry], result: Ending, why: str) -> Ending:
        """Steps one after the other; after one that did not pass they are skipped. why: to skip them all."""
        for branches in side_by_side(entries):
            if why:
                for entry in chain(*branches):
                    skip(self._state, entry, entry.id, why)
            elif branches[0][0].branch is None:
                ending, why = self._guarded_entry(branches[0][0], self._control.stop)
                result = together(result, ending)
            else:
                endings = beside(branches, self._branch, self._services)
                result = together(result, *(ending for ending, _ in endings))
                why = next((one for _, one in endings if one), "")
        return result

    def _branch(self, entries: Sequence[StepEntry]) -> tuple[Ending, str]:
        """The steps of one branch of a ``parallel``, and why those after it are skipped, if they are."""
        result, why = NOTHING, ""
        for entry in entries:
            if why:
                skip(self._state, entry, entry.id, why)
                continue
            ending, why = self._guarded_entry(entry, self._control.stop)
            result = together(result, ending)
        return result, why

    def _finally(self) -> Ending:
        result = NOTHING
        for branches in side_by_side(self._job.scenario.final):
            if branches[0][0].branch is None:
                result = worst(result, self._tidied(branches[0])[0])
            else:
                endings = beside(branches, self._tidied, self._services)
                result = worst(result, *(ending for ending, _ in endings))
        return result

    def _tidied(self, entries: Sequence[StepEntry]) -> tuple[Ending, str]:
        """Steps of ``finally``, whatever becomes of each."""
        stop = self._control.stop_finally
        return worst(NOTHING, *(self._guarded_entry(entry, stop)[0] for entry in entries)), ""

    def _guarded_entry(self, entry: StepEntry, stop: Event) -> tuple[Ending, str]:
        """How an entry ended, and why the steps after it are skipped, if they are."""
        deadline = Deadline(None, stop)
        ending = self._guarded(f"step '{entry.id}'", lambda: self._entries.run(entry, deadline))
        why = ""
        if ending.outcome == "interrupted":
            why = "the run was interrupted"
        elif ending.outcome in ("failed", "error"):
            why = f"step '{entry.id}' did not pass"
        elif ending.moot:
            why = f"step '{entry.id}' had nothing to do"
        return ending, why


def _entries(job: Job) -> tuple[StepEntry, ...]:
    return (*job.scenario.setup, *job.scenario.steps, *job.scenario.final)


def case_started(job: Job) -> CaseStarted:
    """The event that opens a case, with everything its record needs to know beforehand."""
    case = job.case
    return CaseStarted(
        case=case.id,
        name=case.name,
        scenario=scenario_facts(job.scenario, case),
        matrix=dict(case.matrix),
        seed=job.seed,
        counts=case.counts(),
        steps=planned_steps(job.scenario),
    )
