"""Cases that begin when they arrive: a load of whole cases."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING

from scenario_runner.dicom.loading import load_data_sets
from scenario_runner.engine.case_counts import FAILED, OVER, CaseCounts, thought
from scenario_runner.engine.services import Control, Job
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.engine.services import CasesLoad
    from scenario_runner.engine.step import Ending

_SLICE = 0.1
"""Seconds of a wait before it is looked whether anybody stops."""
_SOON = 0.02
"""Seconds until the first one begins, so that who begins it is there."""


@dataclass(frozen=True, slots=True)
class _Over:
    job: Job
    ending: Ending | None
    """None of one that did not begin."""
    seconds: float = 0.0
    ended: float = 0.0
    late: float | None = None


class LoadedCases:
    """Carries out the cases of one load, so many at once at the most. run: one case, from its first step to its last."""

    def __init__(
        self,
        given: CasesLoad,
        jobs: Sequence[Job],
        run: Callable[[Job], Ending],
        control: Control,
        *,
        fail_fast: bool,
    ) -> None:
        self._load = given.load
        self._seed = given.seed
        self._jobs = iter(jobs)
        self._run = run
        self._control = control
        self._fail_fast = fail_fast
        self._size = max(1, min(self._load.at_once, len(jobs)))
        self._taking = threading.Lock()
        self._stopped = threading.Event()
        self._over: queue.SimpleQueue[_Over | None] = queue.SimpleQueue()
        self.counts = CaseCounts(given)
        self.why = ""
        """Why those that did not begin did not."""

    def run(self) -> Iterator[tuple[Job, Ending | None]]:
        """The cases as they end, then those that did not begin, with None."""
        load_data_sets()
        began = time.monotonic() + _SOON
        threads = [
            threading.Thread(target=self._serve, args=(began, number), name=f"case {number}")
            for number in range(self._size)
        ]
        for thread in threads:
            thread.start()
        left, not_begun = len(threads), []
        while left:
            over = self._over.get()
            if over is None:
                left -= 1
            elif over.ending is None:
                not_begun.append(over.job)
            else:
                ended = max(0.0, over.ended - began)
                self.counts.count(over.job, over.ending, over.seconds, ended, over.late)
                self._stop_where_told(over.ending)
                yield over.job, over.ending
        for thread in threads:
            thread.join()
        not_begun += self._jobs
        self.why = self.why or ("interrupted" if self._control.stop.is_set() else OVER)
        for job in sorted(not_begun, key=lambda one: one.number):
            yield job, None

    def _stop_where_told(self, ending: Ending) -> None:
        if self.counts.watch.stopped:
            self.why = self.counts.watch.stopped
        elif self._fail_fast and ending.outcome in FAILED:
            self.why = "--fail-fast"
        if self.why:
            self._stopped.set()

    def _serve(self, began: float, number: int) -> None:
        dice = Random(f"{self._seed}/{number}")  # noqa: S311 - not a secret
        try:
            while (job := self._take(began)) is not None:
                arrival = job.case.arrival
                due = None if arrival is None else began + arrival.at
                if due is not None and not self._wait(due):
                    self._over.put(_Over(job, None))
                    return
                begins = time.monotonic()
                ending = self._run(job)
                ended = time.monotonic()
                late = None if due is None else max(0.0, begins - due)
                self._over.put(_Over(job, ending, ended - begins, ended, late))
                pause = thought(self._load, dice)
                if pause and not self._wait(time.monotonic() + pause):
                    return
        finally:
            self._over.put(None)

    def _take(self, began: float) -> Job | None:
        if self._load.for_ is not None and time.monotonic() >= began + self._load.for_:
            return None
        with self._taking:
            return None if self._is_over() else next(self._jobs, None)

    def _is_over(self) -> bool:
        return self._stopped.is_set() or self._control.stop.is_set()

    def _wait(self, until: float) -> bool:
        """Wait until time.monotonic() is there; whether to go on."""
        while (left := until - time.monotonic()) > 0:
            if self._control.stop.wait(min(left, _SLICE)) or self._stopped.is_set():
                return False
        return not self._is_over()
