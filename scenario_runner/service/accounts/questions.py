"""Questions to a provider of identities: one at a time, not too often, and nobody waits long for another's.

A provider that is silent takes seconds to be given up, and whoever asks without being known may make us ask: were they all
to wait, no thread would be left for anybody else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_AGAIN: Final = 10.0
"""Seconds between two questions at least: a stream of invented tokens must not become one of questions."""
_WAITS: Final = 1.0
"""Seconds that somebody waits while another asks."""


class Questions:
    """Safe between threads. clock: seconds, of a kind that only goes on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asking = threading.Lock()
        self._asked = float("-inf")

    @contextmanager
    def turn(self, is_wanted: Callable[[], bool], *, waits: bool) -> Iterator[bool]:
        """Whether it is on the caller to ask now, within the block.

        is_wanted: whether there is still something to ask, once nobody else does. waits: for a moment, while another asks.
        """
        if not (is_wanted() and self._asking.acquire(timeout=_WAITS if waits else 0)):
            yield False
            return
        try:
            if is_wanted() and self._clock() - self._asked >= _AGAIN:
                try:
                    yield True
                finally:
                    self._asked = self._clock()
            else:
                yield False
        finally:
            self._asking.release()
