"""One case from its first step to the last of ``finally``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from threading import Event
from time import perf_counter
from typing import Any, TypeVar, cast

from scenario_runner.amounts import amount
from scenario_runner.api import Deadline, Step, Target
from scenario_runner.engine.beside import beside
from scenario_runner.engine.bounded import within
from scenario_runner.engine.kept_objects import keep_objects
from scenario_runner.engine.moments import utc_text
from scenario_runner.engine.planned import planned_steps, scenario_facts
from scenario_runner.engine.services import Control, Job, Order, Services
from scenario_runner.engine.state import CaseState
from scenario_runner.engine.step import (
    Ending,
    StepRunner,
    finish,
    from_thrown,
    skip,
    together,
    worst,
)
from scenario_runner.errors import FabricatorError, InvalidInput, StepTimeout
from scenario_runner.events import CaseFinished, CaseStarted
from scenario_runner.language.branches import side_by_side
from scenario_runner.language.entries import Repeat, StepEntry
from scenario_runner.language.scalars import as_written
from scenario_runner.language.templates import evaluate, render_tree
from scenario_runner.language.uses import Use
from scenario_runner.language.value_diagnostics import no_list
from scenario_runner.temporary import TemporaryFolder

T = TypeVar("T")

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
                known[name] = render_tree(value, self._names(entry), document.where, path)
        return known

    def _names(self, entry: StepEntry) -> Mapping[str, Any]:
        """What the templates of a step see. Raises InvalidInput for a parameter that does not fit."""
        names = self._state.names
        if entry.branch is not None:
            names = dict(names)  # a step beside this one may save something meanwhile
        return names if entry.use is None else entry.use.scope.names(names)

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
        if not evaluate(skip_.when, self._state.names, where(("skip", "when"))):
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
            self._scratch.remove()
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
        ending = self._guarded(f"step '{entry.id}'", lambda: self._entry(entry, deadline))
        why = ""
        if ending.outcome == "interrupted":
            why = "the run was interrupted"
        elif ending.outcome in ("failed", "error"):
            why = f"step '{entry.id}' did not pass"
        elif ending.moot:
            why = f"step '{entry.id}' had nothing to do"
        return ending, why

    def _entry(self, entry: StepEntry, deadline: Deadline) -> Ending:
        """One entry: once, or once for each item of ``for_each`` or turn of ``repeat``."""
        try:
            idle = self._in_time(entry, deadline, lambda: self._idle(entry))
            if idle is not None:
                why = f"'when' of '{idle.prefix[:-1]}' does not hold"
                return skip(self._state, entry, entry.id, why)
            known = self._in_time(entry, deadline, lambda: self._names(entry))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, entry.id, "'with'", error)
        if entry.repeat is not None:
            return self._turns(entry, entry.repeat, deadline, known)
        if entry.for_each is None:
            return self._once(entry, entry.id, deadline, known)
        try:
            items = self._in_time(entry, deadline, lambda: self._items(entry, known))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, entry.id, "'for_each'", error)
        if not items:
            return skip(self._state, entry, entry.id, "for_each has no items")
        endings: list[Ending] = []
        for item in items:
            endings.append(self._turn(entry, len(endings), deadline, {**known, "item": item}))
            if endings[-1].outcome == "interrupted":
                break
        self._after_turns(entry, len(endings))
        return worst(*endings)

    def _turns(
        self, entry: StepEntry, repeat: Repeat, deadline: Deadline, known: Mapping[str, Any]
    ) -> Ending:
        """Turn after turn, until one does not pass, or enough of them have been."""
        endings: list[Ending] = []
        holds = repeat.until is None
        try:
            while len(endings) < repeat.times:
                if endings:
                    deadline.sleep(repeat.every)
                names = {**known, "turn": len(endings) + 1}
                endings.append(self._turn(entry, len(endings), deadline, names))
                if endings[-1].outcome in ("failed", "error", "interrupted"):
                    return worst(*endings)
                if repeat.until is not None:
                    names["result"] = endings[-1].value
                    holds = bool(self._until(entry, repeat.until, deadline, names))
                    if holds:
                        break
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return worst(*endings, self._cannot_start(entry, entry.id, "'until'", error))
        finally:
            self._after_turns(entry, len(endings))
        if holds:
            return worst(*endings)
        message = f"'until' did not hold after {amount(len(endings), 'turn')}"
        ending = Ending("failed", message, exit_code=1)
        finish(self._state, entry, entry.id, ending, 0, utc_text(self._services.clock()), 0.0)
        return worst(*endings, ending)

    def _until(
        self, entry: StepEntry, until: str | bool, deadline: Deadline, names: Mapping[str, Any]
    ) -> Any:
        """Whether it holds after a turn. Raises InvalidInput, StepTimeout."""
        where = entry.origins.where((*entry.path, "repeat", "until"))
        return self._in_time(entry, deadline, lambda: evaluate(until, names, where))

    def _turn(
        self, entry: StepEntry, place: int, deadline: Deadline, names: Mapping[str, Any]
    ) -> Ending:
        return self._once(entry, f"{entry.id}[{place}]", deadline, names, save=False)

    def _after_turns(self, entry: StepEntry, count: int) -> None:
        """What the turns saved, as a list, and how long they took together."""
        ids = [f"{entry.id}[{place}]" for place in range(count)]
        values = [self._state.values.get(each) for each in ids]
        self._state.save(entry.id, entry.save_as, values)
        self._state.durations[entry.id] = sum(self._state.durations.get(each, 0.0) for each in ids)

    def _items(self, entry: StepEntry, names: Mapping[str, Any]) -> Sequence[Any]:
        path = (*entry.path, "for_each")
        items = render_tree(entry.for_each, names, entry.origins.where, path)
        if problem := no_list(entry.origins, path, items):
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
        when = entry.when
        try:
            if when is not None and not self._in_time(
                entry, deadline, lambda: evaluate(when, names)
            ):
                return skip(self._state, entry, step_id, "'when' does not hold")
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, step_id, "'when'", error)
        ending = StepRunner(self._state, entry, step_id, deadline, names).run()
        self._state.save(step_id, entry.save_as if save else None, ending.value)
        return ending

    def _idle(self, entry: StepEntry) -> Use | None:
        """The use whose steps are not to run, if an entry is one of them. Raises InvalidInput."""
        for use in () if entry.use is None else entry.use.whole:
            when = use.entry.get("when")
            if when is None:
                continue
            names: Mapping[str, Any] = dict(self._state.names)
            if use.outer is not None:
                names = use.outer.scope.names(names)
            if not evaluate(when, {**names, **use.extra}):
                return use
        return None

    def _in_time(self, entry: StepEntry, deadline: Deadline, work: Callable[[], T]) -> T:
        """What belongs to a step and comes before it, within the step's own time."""
        return within(deadline.within(entry.timeout), work, lambda: None)

    def _cannot_start(
        self, entry: StepEntry, step_id: str, what: str, error: BaseException
    ) -> Ending:
        """``when`` or ``for_each`` could not be evaluated: an error of the step, as an attempt."""
        ending = from_thrown(what, error, self._services)
        if isinstance(error, StepTimeout):
            ending = replace(ending, message=f"{what} {ending.message}")
        now = utc_text(self._services.clock())
        finish(self._state, entry, step_id, ending, 0, now, 0.0)
        return ending


def _entries(job: Job) -> tuple[StepEntry, ...]:
    return (*job.scenario.setup, *job.scenario.steps, *job.scenario.final)


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
