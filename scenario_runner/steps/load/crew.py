"""Workers beside one another, each with one association, who take what is to be done in turn."""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from scenario_runner.deadline import Deadline

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_TURN = 0.0005
"""Seconds a thread may go on while another one waits; Python's five milliseconds would be the better part of a latency."""
_SLICE = 0.25
"""Seconds of a wait before it is looked whether anybody stops."""
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
