"""How long something may still take, and whether somebody asked it to stop."""

from __future__ import annotations

import threading
import time

from scenario_runner.errors import Interrupted, StepTimeout


class Deadline:
    """A moment in time together with a cancel signal; every blocking call takes one.

    seconds: from now, or None for no limit. cancelled: set from another thread (or a signal
    handler) to stop the work. A deadline is never extended; ``within`` makes a nearer one.
    """

    def __init__(
        self,
        seconds: float | None = None,
        cancelled: threading.Event | None = None,
        *,
        stated: float | None = None,
    ) -> None:
        self.seconds = seconds
        self._stated = seconds if stated is None else stated
        """The limit as somebody set it, which is what a message names."""
        self.cancelled = cancelled or threading.Event()
        self._end = None if seconds is None else time.monotonic() + seconds

    def remaining(self, at_most: float | None = None) -> float | None:
        """Seconds left, never below 0, capped by at_most; None when there is no limit at all."""
        left = None if self._end is None else max(0.0, self._end - time.monotonic())
        if at_most is None:
            return left
        return at_most if left is None else min(left, at_most)

    def check(self) -> None:
        """Return if work may go on. Raises Interrupted when cancelled, StepTimeout when over."""
        if self.cancelled.is_set():
            raise Interrupted
        if self._end is not None and time.monotonic() >= self._end:
            raise StepTimeout(f"took longer than its timeout of {self._stated:.6g} s")

    def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the deadline allows. Raises as ``check`` does."""
        self.cancelled.wait(self.remaining(seconds))
        self.check()

    def within(self, seconds: float | None) -> Deadline:
        """The nearer of this deadline and one that many seconds from now, same cancel signal."""
        left = self.remaining()
        nearer = seconds is not None and (left is None or seconds < left)
        stated = seconds if nearer else self._stated
        return Deadline(self.remaining(seconds), self.cancelled, stated=stated)
