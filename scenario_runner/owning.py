"""Whose a folder is, and whose turn: one process's at a time, by a lock that ends with it, however it ends.

The lock is the system's, on an open file. The file itself says nothing and stays behind.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class OwnedError(OSError):
    """Somebody else has it."""


class Ownership:
    """Of what a file stands for, until ``end`` or the end of this process.

    path: made when it is not there. Raises OwnedError while another one has it, in this process or any other;
    OSError when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._handle: int | None = None
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(self._handle)
        except OSError as error:
            self.end()
            raise OwnedError(f"'{path}' is locked") from error
        _OWNED.add(self)

    def __del__(self) -> None:
        self.end()

    @property
    def handle(self) -> int | None:
        """Of the open file; a process that is given it holds the lock too, until the last of them ends."""
        return self._handle

    def end(self) -> None:
        """Let go of it. May be called twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class Turns:
    """What one may do at a time, of all threads of all processes that name the same file.

    path: of the file, made when it is not there. Whoever ends, however, has had its turn.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._handle: int | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for all who came before. Not to be taken twice by one thread. Raises OSError."""
        with self._lock:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            wait_for(self._handle)
            try:
                yield
            finally:
                release(self._handle)

    def __del__(self) -> None:
        if self._handle is not None:
            os.close(self._handle)


_OWNED: weakref.WeakSet[Ownership] = weakref.WeakSet()


def _disown() -> None:
    """In a child made by fork, which has the same open file: it must not outlive the owner as one."""
    for one in list(_OWNED):
        one.end()


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def wait_for(handle: int, *, shared: bool = False) -> None:  # noqa: ARG001 - there is no other kind
        """Lock an open file. shared: together with others that do so."""
        while True:
            try:
                os.lseek(handle, 0, os.SEEK_SET)
                msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
            except OSError:
                continue  # it gives up after ten seconds
            return

    def release(handle: int) -> None:
        """Let go of what was waited for."""
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        # Of the open file and not of the process: two archives in one process are two owners.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def wait_for(handle: int, *, shared: bool = False) -> None:
        """Lock an open file. shared: together with others that do so."""
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def release(handle: int) -> None:
        """Let go of what was waited for."""
        fcntl.flock(handle, fcntl.LOCK_UN)

    os.register_at_fork(after_in_child=_disown)
