"""Small pictures that were made, the last used ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

_KEPT: Final = 32 << 20
"""Bytes of pictures that are remembered."""


class Thumbnails:
    """Pictures that were made, the last used ones. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._size = 0

    def get(self, key: tuple[str, int]) -> bytes | None:
        """One that is remembered."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: tuple[str, int], made: bytes) -> None:
        """Remember one, and forget those that were not asked for longest."""
        with self._lock:
            self._size += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._size > _KEPT:
                self._size -= len(self._kept.popitem(last=False)[1])
