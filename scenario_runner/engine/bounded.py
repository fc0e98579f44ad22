"""Work that ends when its time is over, whatever it is doing: the engine waits, a thread works.

Most steps look at their deadline and end by themselves. Code that does not, in a plugin or a
library, is left behind: nobody waits for its thread, and what it works with refuses it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError, Interrupted

T = TypeVar("T")

GRACE = 0.7
"""Seconds for a step to end by itself when its time is over."""
GRACE_WHEN_STOPPED = 0.4
"""The same when somebody stops the run, and waits for it."""
_LOOKS = 0.1
"""Seconds between two looks at the deadline."""
_NAME = "fabricate-step"


class _Work(threading.Thread, Generic[T]):
    """A thread with what its work came to."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__(name=_NAME, daemon=True)
        self._work = work
        self.done = threading.Event()
        self.value: T
        self.error: BaseException | None = None

    def run(self) -> None:
        """Work, and keep whatever comes of it."""
        try:
            self.value = self._work()
        except BaseException as error:  # noqa: BLE001 - thrown again where it is waited for
            self.error = error
        finally:
            self.done.set()


def within(deadline: Deadline, work: Callable[[], T], left: Callable[[], object]) -> T:
    """What ``work`` returns or raises, within GRACE of the deadline, GRACE_WHEN_STOPPED of a stop.

    left: called before work that did not end is left behind. Raises StepTimeout and Interrupted then.
    """
    thread = _Work(work)
    try:
        thread.start()
        while not thread.done.wait(deadline.remaining(_LOOKS)):
            try:
                deadline.check()
            except FabricatorError as over:
                stopped = isinstance(over, Interrupted)
                if not thread.done.wait(GRACE_WHEN_STOPPED if stopped else GRACE):
                    left()
                    raise
    except KeyboardInterrupt:
        left()
        raise
    if thread.error is not None:
        raise thread.error
    return thread.value


def any_left_behind() -> bool:
    """Whether work goes on in this process that nobody waits for."""
    return any(thread.name == _NAME and thread.is_alive() for thread in threading.enumerate())
