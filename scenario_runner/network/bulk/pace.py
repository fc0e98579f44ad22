"""No faster than asked."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline


class Pace:
    """Lets at most ``rate`` a second through, evenly, without saving up for bursts.

    May be shared by threads: the rate is theirs together.
    """

    def __init__(self, rate: float | None) -> None:
        self._gap = 1.0 / rate if rate else 0.0
        self.slow = bool(rate)
        """Whether there is a wait worth using."""
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, deadline: Deadline) -> None:
        """Return when the next one may go. Raises what the deadline raises."""
        if not self._gap:
            return
        with self._lock:
            mine = max(time.monotonic(), self._next)
            self._next = mine + self._gap
        deadline.sleep(max(0.0, mine - time.monotonic()))
