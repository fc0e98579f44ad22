"""How slowly what is sent may come: a least rate once some grace is over, and few that are slow from one address."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import TooSlow

_SOON: Final = 10
"""The part of the grace after which a body is called slow: one whose beginning is a little late is none yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """grace: seconds that are waited; slowest: bytes a second; slow_at_once: bodies of one address."""

    grace: float = 20.0
    slowest: int = 4_096
    slow_at_once: int = 32


class Paces:
    """The bodies under way that come slowly, by address. For one thread; clock: seconds that only grow."""

    def __init__(self, pace: Pace, clock: Callable[[], float] = time.monotonic) -> None:
        self.pace = pace
        self.clock = clock
        self._slow: Counter[str] = Counter()

    def begin(self, address: str) -> Paced:
        """One more body from an address."""
        return Paced(self, address)

    def count(self, address: str, change: int) -> int:
        """How many of an address are slow, after that change."""
        self._slow[address] += change
        if self._slow[address]:
            return self._slow[address]
        del self._slow[address]
        return 0


class Paced:
    """One body. Only the time that is waited for its sender counts, not what we take to read it."""

    def __init__(self, paces: Paces, address: str) -> None:
        self._paces = paces
        self._address = address
        self._waited = 0.0
        self._size = 0
        self._is_slow = False

    def patience(self) -> float:
        """Seconds to wait for more before it is looked how it comes."""
        grace = self._paces.pace.grace
        soon = grace / _SOON
        return max(0.001, (soon if self._waited < soon else grace) - self._waited)

    def waited(self, seconds: float, size: int) -> None:
        """So many bytes came after so long. Raises TooSlow when there is no more waiting."""
        pace = self._paces.pace
        self._waited += seconds
        self._size += size
        if self._waited < pace.grace / _SOON:
            return
        if self._size >= self._waited * pace.slowest:
            self.end()
        elif self._waited >= pace.grace:
            raise TooSlow(
                "too-slow",
                f"the body comes too slowly: {self._size} bytes within {self._waited:.0f} s",
                hint=f"send at least {pace.slowest} bytes a second",
            )
        elif not self._is_slow:
            self._is_slow = True
            if self._paces.count(self._address, 1) > pace.slow_at_once:
                raise TooSlow(
                    "too-slow",
                    f"the body comes slowly, as do {pace.slow_at_once} others from the same address",
                    hint="send fewer at once",
                )
        if self._waited >= pace.grace:
            self._waited, self._size = 0.0, 0

    def end(self) -> None:
        """It is over, or comes well again."""
        if self._is_slow:
            self._is_slow = False
            self._paces.count(self._address, -1)
