"""Whose a folder is: one process's at a time, by a lock that ends with that process, however it ends.

The lock is the system's, on an open file. The file itself says nothing and stays behind.
"""

from __future__ import annotations

import os
import sys
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

    def end(self) -> None:
        """Let go of it. May be called twice."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


_OWNED: weakref.WeakSet[Ownership] = weakref.WeakSet()


def _disown() -> None:
    """In a child made by fork, which has the same open file: it must not outlive the owner as one."""
    for one in list(_OWNED):
        one.end()


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        # Of the open file and not of the process: two archives in one process are two owners.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    os.register_at_fork(after_in_child=_disown)
