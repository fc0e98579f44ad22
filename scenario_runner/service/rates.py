"""How often somebody may ask: so many requests within so long, saved up to a burst of as many."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import TooMany

_REMEMBERED: Final = 10_000
"""Askers that are counted; of those beyond it the ones that asked longest ago begin anew."""


@dataclass(frozen=True, slots=True)
class Rate:
    """requests: at once, and again within so many seconds."""

    requests: int
    seconds: float


class TooOften(TooMany):
    """Somebody asks more often than they may; ``wait`` is after how many seconds they may again."""

    wait: int

    def __init__(self, rate: Rate, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(
            "too-often",
            f"no more than {rate.requests} requests within {rate.seconds:g} s are answered here",
            hint=f"try again in {self.wait} s",
        )


class Rates:
    """Counts requests by who asks. Safe between threads. clock: seconds that only grow."""

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What each has left, and when that was."""

    def count(self, who: str) -> None:
        """One more request. Raises TooOften; that one does not count."""
        rate = self._rate
        if rate is None:
            return
        now = self._clock()
        with self._lock:
            left, at = self._left.get(who, (float(rate.requests), now))
            left = min(rate.requests, left + (now - at) * rate.requests / rate.seconds)
            allowed = left >= 1
            self._left[who] = (left - allowed, now)
            self._left.move_to_end(who)
            if len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)
        if not allowed:
            raise TooOften(rate, (1 - left) * rate.seconds / rate.requests)
