"""One entry of a case's steps: once, or once for each item of ``for_each`` or turn of ``repeat``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

from scenario_runner.amounts import amount
from scenario_runner.api import Deadline
from scenario_runner.api.guessed import evaluated_as_it_fits
from scenario_runner.engine.absent import forget, lacked_by_step, note
from scenario_runner.engine.bounded import within
from scenario_runner.engine.negative import judged
from scenario_runner.engine.passed_over import explained
from scenario_runner.engine.state import CaseState
from scenario_runner.engine.step import (
    Ending,
    StepRunner,
    finish,
    from_thrown,
    is_one_of_several,
    skip,
    worst,
)
from scenario_runner.errors import InvalidInput, StepTimeout, Where
from scenario_runner.events import AS_IT_SHOULD
from scenario_runner.language.entries import Repeat, StepEntry
from scenario_runner.language.late import settled
from scenario_runner.language.templates import holds, render_tree
from scenario_runner.language.uses import Use
from scenario_runner.language.value_diagnostics import no_list

T = TypeVar("T")


class EntryRunner:
    """Runs the entries of one case. What cannot even be started is an error of the step, in the record."""

    def __init__(self, state: CaseState) -> None:
        self._state = state

    def run(self, entry: StepEntry, deadline: Deadline) -> Ending:
        """One entry: once, or once for each item of ``for_each`` or turn of ``repeat``."""
        if why := lacked_by_step(self._state, entry):
            note(self._state, entry, entry.id, why)
            return skip(self._state, entry, entry.id, why)
        try:
            idle = self._in_time(entry, deadline, lambda: self._idle(entry))
            if idle is not None:
                why = f"'when' of '{idle.prefix[:-1]}' does not hold"
                return skip(self._state, entry, entry.id, why)
            known = self._in_time(entry, deadline, lambda: self._state.names_for(entry))
            entry = self._in_time(entry, deadline, partial(settled, entry, known))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, entry.id, "what it is given", error)
        if entry.repeat is not None:
            return self._turns(entry, entry.repeat, deadline, known)
        if entry.for_each is None:
            return self._once(entry, entry.id, deadline, known)
        try:
            items = self._in_time(entry, deadline, lambda: self._items(entry, known))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, entry.id, "'for_each'", error)
        if not items:
            self._after_turns(entry, 0)
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
        done = repeat.until is None
        try:
            while len(endings) < repeat.times:
                if endings:
                    deadline.sleep(repeat.every)
                names = {**known, "turn": len(endings) + 1}
                endings.append(self._turn(entry, len(endings), deadline, names))
                if endings[-1].outcome in ("failed", "error", "interrupted"):
                    return worst(*endings)
                if repeat.until is not None:
                    if endings[-1].outcome == "skipped":
                        done = all(one.outcome == "skipped" for one in endings)
                        break
                    names["result"] = endings[-1].value
                    done = self._until(entry, repeat.until, deadline, names)
                    if done:
                        break
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return worst(*endings, self._cannot_start(entry, entry.id, "'until'", error))
        finally:
            self._after_turns(entry, len(endings))
        ending = self._together(entry, endings, known, done=bool(done))
        if ending is None:
            return worst(*endings)
        finish(self._state, entry, entry.id, ending)
        return worst(*endings, ending)

    def _together(
        self, entry: StepEntry, endings: Sequence[Ending], known: Mapping[str, Any], *, done: bool
    ) -> Ending | None:
        """What turns came to that each for itself has not failed; None where they say it themselves.

        ``fails`` beside ``until`` is of all turns together: one of them fails as it should, or ``until`` never holds.
        """
        turns = amount(len(endings), "turn")
        as_wanted = any(one.message.startswith(AS_IT_SHOULD) for one in endings)
        ran = any(one.outcome == "passed" for one in endings)
        if as_wanted or (done and (entry.fails is None or not ran or not is_one_of_several(entry))):
            return None
        words = f"'until' held after {turns}" if done else f"'until' did not hold after {turns}"
        if entry.fails is None:
            return Ending("failed", words, exit_code=1)
        holds, message = judged(not done, words, entry.fails, known)
        return Ending("passed" if holds else "failed", message, exit_code=0 if holds else 1)

    def _until(
        self, entry: StepEntry, until: str | bool, deadline: Deadline, names: Mapping[str, Any]
    ) -> Any:
        """Whether it holds after a turn. Raises InvalidInput, StepTimeout."""
        where = entry.origins.where((*entry.path, "repeat", "until"))
        return self._in_time(entry, deadline, lambda: self._holds(until, names, where)[0])

    def _turn(
        self, entry: StepEntry, place: int, deadline: Deadline, names: Mapping[str, Any]
    ) -> Ending:
        return self._once(entry, f"{entry.id}[{place}]", deadline, names, save=False)

    def _after_turns(self, entry: StepEntry, count: int) -> None:
        """What the turns saved, as a list, and how long they took together."""
        ids = [f"{entry.id}[{place}]" for place in range(count)]
        there = [each for each in ids if each not in self._state.absent]
        if there:
            forget(self._state, entry, entry.id)
        values = [self._state.values.get(each) for each in there]
        self._state.turns[entry.id] = ids
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
            if when is not None:
                where = entry.origins.where((*entry.path, "when"))
                runs, why = self._in_time(entry, deadline, lambda: self._holds(when, names, where))
                if not runs:
                    said = "; ".join(filter(None, ("'when' does not hold", why)))
                    return skip(self._state, entry, step_id, said)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the step is in the record
            return self._cannot_start(entry, step_id, "'when'", error)
        ending = StepRunner(self._state, entry, step_id, deadline, names).run()
        self._state.save(step_id, entry.save_as if save else None, ending.value)
        self._settle(entry, step_id, ending)
        return ending

    def _settle(self, entry: StepEntry, step_id: str, ending: Ending) -> None:
        """Remember whether what a step saves exists."""
        if ending.absent:
            note(self._state, entry, step_id, ending.message)
        elif self._state.absent:
            forget(self._state, entry, step_id)

    def _idle(self, entry: StepEntry) -> Use | None:
        """The use whose steps are not to run, if an entry is one of them. Raises InvalidInput."""
        for use in () if entry.use is None else entry.use.whole:
            when = use.entry.get("when")
            if when is None:
                continue
            names: Mapping[str, Any] = dict(self._state.names)
            if use.outer is not None:
                names = use.outer.scope.names(names)
            where = use.origin.where(("when",), key=False)
            if not self._holds(when, {**names, **use.extra}, where)[0]:
                return use
        return None

    def _holds(self, expression: Any, names: Mapping[str, Any], where: Where) -> tuple[bool, str]:
        """Whether ``when`` or ``until`` holds, and which reading of an answer's text that rests on, if on any."""
        return evaluated_as_it_fits(
            self._state.notes, names, lambda seen: holds(expression, seen, where)
        )

    def _in_time(self, entry: StepEntry, deadline: Deadline, work: Callable[[], T]) -> T:
        """What belongs to a step and comes before it, within the step's own time."""
        return within(deadline.within(entry.timeout), work, lambda: None)

    def _cannot_start(
        self, entry: StepEntry, step_id: str, what: str, error: BaseException
    ) -> Ending:
        """``when`` or ``for_each`` could not be evaluated: an error of the step, as an attempt."""
        if isinstance(error, InvalidInput):
            error = explained(self._state.passed_over, error)
        ending = from_thrown(what, error, self._state.services)
        if isinstance(error, StepTimeout):
            ending = replace(ending, message=f"{what} {ending.message}")
        finish(self._state, entry, step_id, ending)
        return ending
