"""Files that are read whole, within bounds: a named pipe that nobody writes to is not waited for."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from os import PathLike
from time import monotonic, sleep

_PATIENCE = 2.0
"""Seconds for somebody to begin to write to a pipe."""
_LOOKS = 0.02
_NOT_WAITING = getattr(os, "O_NONBLOCK", 0)
_CHUNK = 1 << 16


def read_at_most(path: str | PathLike[str], most: int) -> bytes:
    """The first ``most`` bytes of a file. Raises OSError, also for a pipe that nobody begins to write to."""
    with open(path, "rb", opener=_opened) as stream:
        number = stream.fileno()
        if _NOT_WAITING and stat.S_ISFIFO(os.fstat(number).st_mode):
            return b"".join(_written(number, most, os.fspath(path)))
        if _NOT_WAITING:
            os.set_blocking(number, True)
        return stream.read(most)


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _NOT_WAITING)


def _written(number: int, most: int, path: str) -> Iterator[bytes]:
    """What is written to a pipe until all who write have closed it, or it is enough."""
    end, begun = monotonic() + _PATIENCE, False
    while most > 0:
        try:
            piece = os.read(number, min(most, _CHUNK))
        except BlockingIOError:  # somebody has it open, and takes time
            begun = True
            sleep(_LOOKS)
            continue
        if piece:
            begun = True
            most -= len(piece)
            yield piece
        elif begun:
            return
        elif monotonic() > end:
            raise OSError(None, "it is a pipe, and nobody writes to it", path)
        else:
            sleep(_LOOKS)
