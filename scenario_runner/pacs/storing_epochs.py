"""Who is storing in other processes while a file changes that they judge by: waited for without keeping anybody waiting.

Whoever stores holds the version of the file that was there when it began. Who replaces the file waits until nobody holds
an earlier version any more; those who begin meanwhile hold the new one, so that wait ends however much is stored.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scenario_runner.owning import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Version:
    """An open file that is held by threads of this process."""

    def __init__(self, path: Path) -> None:
        self.handle = os.open(path, os.O_RDWR)
        self.holders = 0

    @property
    def identity(self) -> tuple[int, int]:
        status = os.fstat(self.handle)
        return status.st_dev, status.st_ino


class StoringEpochs:
    """Of a file that is only ever replaced. Any thread of any process may hold; one at a time replaces."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version: _Version | None = None
        self._replaced: list[int] = []

    @contextmanager
    def held(self) -> Iterator[tuple[int, int]]:
        """Hold the version that is there; which one that is. Raises OSError."""
        with self._lock:
            version = self._newest()
            version.holders += 1
        try:
            yield version.identity
        finally:
            with self._lock:
                version.holders -= 1
                self._let_go(version)

    def _newest(self) -> _Version:
        while True:
            version = self._version
            if version is None:
                version = _Version(self._path)
                wait_for(version.handle, shared=True)
            status = self._path.stat()
            if version.identity == (status.st_dev, status.st_ino):
                self._version = version
                return version
            # It was replaced, maybe before this process had it: who did that may have waited in vain for it.
            self._version = None
            self._let_go(version)

    def _let_go(self, version: _Version) -> None:
        if not version.holders:
            os.close(version.handle)
            if self._version is version:
                self._version = None

    def replacing(self) -> None:
        """The file is about to be replaced. Raises OSError."""
        self._replaced.append(os.open(self._path, os.O_RDWR))

    def settle(self) -> None:
        """Wait until nobody holds a version that was replaced."""
        while self._replaced:
            handle = self._replaced.pop()
            wait_for(handle)
            os.close(handle)
