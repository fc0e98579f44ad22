"""Workers beside one another, each with one association, who take what is to be done in turn."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Generic, TypeVar

from scenario_runner.deadline import Deadline
from scenario_runner.language.loads import Between

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_TURN = 0.0005
"""Seconds a thread may go on while another one waits; Python's five milliseconds would be the better part of a latency."""
_SLICE = 0.25
"""Seconds of a wait before it is looked whether anybody stops."""
_PATIENCE = 2.0
"""Seconds for which a load waits at its beginning for workers that have nothing to do yet."""
_turns = threading.Lock()


class Crew(Generic[Job, Outcome]):
    """Runs workers until nothing is left to be done, somebody stops it, or the deadline ends it.

    jobs: what is to be done, in order; pulled one at a time, by whichever worker is free. work: what one worker does,
    in a thread of its own: it takes jobs until there is none and tells outcomes. Outcomes are yielded in the caller's
    thread.
    """

    def __init__(
        self,
        size: int,
        jobs: Iterator[Job],
        work: Callable[[Crew[Job, Outcome], int], None],
        deadline: Deadline,
    ) -> None:
        self._size = size
        self._jobs = jobs
        self._work = work
        self.deadline = deadline
        self._taking = threading.Lock()
        self._stopping = threading.Event()
        self._said: queue.SimpleQueue[tuple[Outcome | None, BaseException | None]] = (
            queue.SimpleQueue()
        )

    def take(self) -> Job | None:
        """The next job, for a worker; None when it is to go home. Raises what the deadline raises."""
        self.deadline.check()
        with self._taking:
            if self._stopping.is_set():
                return None
            return next(self._jobs, None)

    def tell(self, outcome: Outcome) -> None:
        """Say what came of something, from a worker."""
        self._said.put((outcome, None))

    def wait(self, until: float) -> bool:
        """Wait until time.monotonic() is there; whether to go on. Raises what the deadline raises."""
        while (left := until - time.monotonic()) > 0:
            if self._stopping.wait(min(left, _SLICE)):
                return False
            self.deadline.check()
        return not self._stopping.is_set()

    def stop(self) -> None:
        """Begin nothing more; what is under way is finished."""
        self._stopping.set()

    def run(self) -> Iterator[Outcome]:
        """Outcomes as they come. Raises the first error that ended a worker, when all have ended."""
        threads = [
            threading.Thread(target=self._serve, args=(number,), name=f"load {number}", daemon=True)
            for number in range(self._size)
        ]
        failure: BaseException | None = None
        with _short_turns():
            for thread in threads:
                thread.start()
            left = len(threads)
            try:
                while left:
                    outcome, error = self._said.get()
                    if outcome is not None:
                        yield outcome
                        continue
                    left -= 1
                    if error is not None:
                        failure = failure or error
                        self.stop()
            finally:
                self.stop()
                for thread in threads:
                    thread.join()
        # Nobody takes any more; what was said meanwhile is still an outcome.
        if failure is not None:
            raise failure

    def _serve(self, number: int) -> None:
        try:
            self._work(self, number)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._said.put((None, error))
        else:
            self._said.put((None, None))


class Start:
    """The moment from which arrivals count: when every worker has something to send, and soon in any case."""

    def __init__(self, workers: int, filled: threading.Event | None) -> None:
        """filled: set when what is to be sent was made ahead as far as it can be; None where nobody waits for that."""
        self._filled = filled
        self._missing = workers
        self._lock = threading.Lock()
        self._first = 0.0
        self.begin: float | None = None
        """time.monotonic(); None as long as it has not come."""

    def leave(self) -> None:
        """A worker that has nothing to send is not waited for."""
        with self._lock:
            if self.begin is None:
                self._missing -= 1

    def wait(self, crew: Crew[Any, Any]) -> float | None:
        """Be ready, and wait for the others; None when somebody stops it. Called by a worker with something to send."""
        if self.begin is None:
            with self._lock:
                self._missing -= 1
                self._first = self._first or time.monotonic()
        while self.begin is None:
            with self._lock:
                waited = time.monotonic() - self._first
                ready = self._missing <= 0 or waited > _PATIENCE
                if self._filled is not None:
                    ready = ready and (self._filled.is_set() or waited > _MAKING)
                if ready and self.begin is None:
                    self.begin = time.monotonic() + _SOON
            if not crew.wait(time.monotonic() + _SOON):
                return None
        return self.begin


_SOON = 0.01
_MAKING = 60.0
"""Seconds for which an open load waits at the most until what it sends was made ahead."""


def thought(crew: Crew[Any, Any], think: float | Between | None, dice: Random) -> bool:
    """Pause as an association does after a piece of work; whether to go on."""
    if think is None:
        return True
    seconds = dice.uniform(think.min, think.max) if isinstance(think, Between) else think
    return crew.wait(time.monotonic() + seconds)


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    """Have threads take turns quickly meanwhile: an answer that is there is to be read at once.

    It is the interpreter's for all its threads; where two loads run beside each other, the last one to end puts it back.
    """
    global _loads, _before  # noqa: PLW0603 - what it counts is the interpreter's, too
    with _turns:
        if not _loads:
            _before = sys.getswitchinterval()
            sys.setswitchinterval(min(_before, _TURN))
        _loads += 1
    try:
        yield
    finally:
        with _turns:
            _loads -= 1
            if not _loads:
                sys.setswitchinterval(_before)


_loads = 0
_before = 0.0
