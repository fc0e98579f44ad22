"""A load of requests: queries, retrievals, C-ECHO, each when it arrives."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from scenario_runner.amounts import amount, plural
from scenario_runner.api import StepResult
from scenario_runner.api.load_watch import Watch
from scenario_runner.errors import FabricatorError, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.arrivals import Arrival, arrivals, counted, seed_of, stretches
from scenario_runner.steps.load.crew import Crew, Start, thought

if TYPE_CHECKING:
    from scenario_runner.api import StepContext
    from scenario_runner.language.loads import Load
    from scenario_runner.planning.plan import PlannedCase

_PROBLEMS = 20
"""Kinds of problems that are kept."""


@dataclass(frozen=True, slots=True)
class Called:
    """What came of one request. problem: why it failed; empty when it did not. seconds: from the request to its answer."""

    seconds: float
    problem: str = ""
    found: int = 0
    """Matches, or instances that came."""


class Calls(Protocol):
    """What one worker asks by, for one thread; a TargetError ends it, and another one is made."""

    def call(self, number: int) -> Called:
        """Make the request with that number, from 0. Raises TargetError, and what the deadline raises."""
        ...

    def close(self) -> None:
        """End the association in good order."""
        ...


@dataclass(frozen=True, slots=True)
class _Outcome:
    called: Called | None
    trouble: TargetError | None
    ended: float
    late: float | None
    labels: Mapping[str, str]
    arrival: Arrival | None


class LoadedCalls:
    """Makes the requests that ``load`` offers, and counts what came of them.

    operation: what they are called. make: gives what one worker asks by. once: how many there are, where a closed load is
    over when all were made; None where its ``for`` ends it.
    """

    def __init__(
        self,
        context: StepContext,
        load: Load,
        operation: str,
        make: Callable[[], Calls],
        once: int | None = None,
    ) -> None:
        load = load.shared(context.rate(1.0) or 1.0)
        self._context, self._load, self._operation, self._make = context, load, operation, make
        self._seed = seed_of(context.case.seed, context.case.id, context.step_id)
        self.plan = planned_calls(load, self._seed)
        times: Iterator[Arrival | None] = (
            arrivals(load, self._seed) if load.is_open else itertools.repeat(None)
        )
        jobs = (
            enumerate(times)
            if load.is_open or load.for_ is not None
            else enumerate(itertools.islice(times, once))
        )
        size = max(1, min(load.at_once, self.plan["arrivals"] or load.at_once))
        self._crew: Crew[tuple[int, Arrival | None], _Outcome] = Crew(
            size, jobs, self._work, context.deadline
        )
        self._start = Start(size, None)
        self._dice = [Random(f"{self._seed}/{number}") for number in range(size)]  # noqa: S311 - not a secret
        self.watch = Watch(load)
        self.done = self.failed = self.unanswered = self.found = 0
        self.problems: Counter[str] = Counter()

    def run(self) -> None:
        """Make them all. Raises what the deadline raises, and a TargetError when nobody ever answers."""
        trouble: TargetError | None = None
        for one in self._crew.run():
            called = one.called
            bad = called is None or bool(called.problem)
            problem = str(one.trouble) if called is None else called.problem
            if called is None:
                self.unanswered += 1
            else:
                self.done += 1
                self.failed += bad
                self.found += called.found
            if problem and (problem in self.problems or len(self.problems) < _PROBLEMS):
                self.problems[problem] += 1
            self._context.took(
                self._operation,
                None if called is None else called.seconds,
                failed=bad,
                late=one.late,
                ago=max(0.0, time.monotonic() - one.ended),
                labels=one.labels,
            )
            self._context.progress(
                self.done + self.unanswered, self.plan["arrivals"] or None, "requests"
            )
            self.watch.look(
                ok=not bad, answered=called is not None, late=one.late, arrival=one.arrival
            )
            if self.watch.stopped:
                self._crew.stop()
            if one.trouble is not None and self.watch.is_hopeless:
                trouble = one.trouble
                self._crew.stop()
        if trouble is not None:
            raise trouble

    def result(self, noun: str, found: str, facts: Mapping[str, Any]) -> StepResult:
        """Make them all; passed unless one was not answered as it should be, or a check ``errors`` judges that.

        noun, found: what one request is called, and one thing that it finds. facts: what the report says beside.
        """
        value: dict[str, Any] = {}
        self._context.capture(value)
        try:
            self.run()
        except FabricatorError as error:
            told = {**facts, **self.facts()}
            self.problems.pop(str(error), None)  # which the error tells, with what to do about it
            self._context.capture(value, told, self.words(noun, found))
            raise
        value |= {
            "answered": self.done,
            "failed": self.failed,
            "unanswered": self.unanswered,
            plural(found): self.found,
        }
        bad = bool(self.watch.stopped) or not self.done
        if not self._context.judged_by("errors"):
            bad = bad or bool(self.failed or self.unanswered)
        return StepResult(
            outcome="failed" if bad else "passed",
            message=self.words(noun, found),
            value=value,
            facts={**facts, **self.facts()},
            reasons=[*self.problems, *filter(None, [self.watch.stopped])],
        )

    def facts(self) -> dict[str, Any]:
        """What the report says of it."""
        return {
            "load": {**self.plan, "begun": self.done + self.unanswered, **self.watch.facts()},
            "answered": self.done,
            "failed": self.failed,
            "unanswered": self.unanswered,
            **({"problems": dict(self.problems)} if self.problems else {}),
        }

    def words(self, noun: str, found: str) -> str:
        """``120 queries, 120 matches``, and what there is to be said of the load."""
        parts = [f"{amount(self.done, noun)} answered, {amount(self.found, found)}"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.unanswered:
            parts.append(f"{self.unanswered} not answered")
        if self.problems:
            parts.append(f"first problem: {next(iter(self.problems))}")
        return "; ".join([*parts, *filter(None, [self.watch.words()])])

    def _work(self, crew: Crew[tuple[int, Arrival | None], _Outcome], worker: int) -> None:
        calls: Calls | None = None
        try:
            begin = self._start.wait(crew)
            while begin is not None and (job := crew.take()) is not None:
                number, arrival = job
                if arrival is not None and not crew.wait(begin + arrival.at):
                    return
                if self._load.for_ is not None and time.monotonic() >= begin + self._load.for_:
                    return
                began = time.monotonic()
                late = None if arrival is None else max(0.0, began - begin - arrival.at)
                called: Called | None = None
                trouble: TargetError | None = None
                try:
                    calls = calls or self._make()
                    called = calls.call(number)
                except TargetError as error:
                    trouble, calls = error, None
                labels = {"association": str(worker + 1), **self._stage(arrival)}
                crew.tell(_Outcome(called, trouble, time.monotonic(), late, labels, arrival))
                if not thought(crew, self._load.think, self._dice[worker]):
                    return
        finally:
            self._start.leave()
            if calls is not None:
                calls.close()

    def _stage(self, arrival: Arrival | None) -> dict[str, str]:
        stages = self.watch.stages
        if arrival is None or len(stages) < 2:
            return {}
        return {"stage": stages[arrival.stretch].name}


def planned_calls(load: Load, seed: str) -> dict[str, Any]:
    """What a load of requests offers: ``{model, associations, arrivals, stages: [{name, seconds, offered}]}``."""
    counts = counted(load, seed) if load.is_open else []
    return {
        "model": "open" if load.is_open else "closed",
        "associations": load.at_once,
        "arrivals": sum(counts),
        "stages": [
            {"name": part.name, "seconds": round(part.seconds, 3), "offered": counts[number]}
            for number, part in enumerate(stretches(load) if load.is_open else [])
        ],
    }


def foretold_calls(load: Load | None, case: PlannedCase, step_id: str, noun: str) -> dict[str, Any]:
    """What the plan shows of it: ``planned_calls`` and ``words``; nothing of no load."""
    if load is None:
        return {}
    told = planned_calls(load, seed_of(case.seed, case.id, step_id))
    words = f"{told['associations']} at once at the most"
    if load.is_open:
        seconds = sum(stage["seconds"] for stage in told["stages"])
        words = f"offers {amount(told['arrivals'], noun)}, {words}, in {seconds:g} s"
    elif load.for_ is not None:
        words = f"asks for {load.for_:g} s, {words}"
    return {"load": {**told, "words": words}}
