"""Looks at studies that are the same look: written down once in a while, and not for each picture."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

_REMEMBERED: Final = 10_000
"""Looks; of more, those that were longest ago count as new."""


class Looks:
    """What was looked at within so many seconds. Safe between threads. clock: seconds that only go on."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: OrderedDict[Hashable, float] = OrderedDict()

    def is_news(self, *look: Hashable) -> bool:
        """Whether that was not seen for a while; from now on it was. look: who, at what, from where."""
        now = self._clock()
        with self._lock:
            if now - self._looked.get(look, float("-inf")) < self._seconds:
                return False
            self._looked[look] = now
            self._looked.move_to_end(look)
            if len(self._looked) > _REMEMBERED:
                self._looked.popitem(last=False)
        return True
