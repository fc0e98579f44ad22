"""When the client of a cluster gives a case out: at once, or when it arrives."""

from __future__ import annotations

import datetime as dt
import time
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING

from scenario_runner.engine.case_counts import OVER, CaseCounts, thought

if TYPE_CHECKING:
    from scenario_runner.engine.services import CasesLoad, Job
    from scenario_runner.engine.step import Ending

_NEVER = float("inf")


class Pace:
    """Of the cases of one load, or of cases that are in none.

    How long a case took and when it began is what its worker told: the clocks of machines that work on one load have to agree.
    """

    def __init__(self, given: CasesLoad | None) -> None:
        self._load = None if given is None else given.load
        self._counts = None if given is None else CaseCounts(given)
        self._dice = Random("" if given is None else given.seed)  # noqa: S311 - not a secret
        self._began = time.monotonic()
        self._clock = time.time()
        self._under_way = 0
        self._thinking: list[float] = []

    @property
    def why(self) -> str:
        """Why cases that did not begin did not; empty where it is not for the load to say."""
        return "" if self._counts is None else self._counts.watch.stopped or OVER

    @property
    def is_over(self) -> bool:
        """Whether nothing begins any more."""
        if self._load is None or self._counts is None:
            return False
        over = self._load.for_ is not None and time.monotonic() >= self._began + self._load.for_
        return over or bool(self._counts.watch.stopped)

    def until(self, job: Job) -> float:
        """Seconds until a case may be given out; endless where another one has to end first."""
        if self._load is None:
            return 0.0
        now = time.monotonic()
        while self._thinking and self._thinking[0] <= now:
            heappop(self._thinking)
        arrival = job.case.arrival
        due = 0.0 if arrival is None else self._began + arrival.at - now
        if self._under_way + len(self._thinking) >= self._load.at_once:
            due = max(due, self._thinking[0] - now if self._thinking else _NEVER)
        return due

    def begins(self) -> None:
        """One was given out."""
        self._under_way += 1

    def ended(self, job: Job, ending: Ending, told: tuple[str, float] | None) -> None:
        """One is over. told: when it began, by its worker's clock, and how many seconds it took; None where nobody knows."""
        self._under_way -= 1
        if self._load is None or self._counts is None:
            return
        if pause := thought(self._load, self._dice):
            heappush(self._thinking, time.monotonic() + pause)
        begun, seconds = (None, 0.0) if told is None else told
        at = time.time() if begun is None else dt.datetime.fromisoformat(begun).timestamp()
        since = max(0.0, at - self._clock)
        arrival = job.case.arrival
        late = None if arrival is None else max(0.0, since - arrival.at)
        self._counts.count(job, ending, seconds, since + seconds, late)

    def judged(self, job: Job) -> Job:
        """The job that judges the load, with what it came to."""
        assert self._counts is not None
        return self._counts.judged(job)
