"""Files that are read whole, within bounds: a named pipe that nobody writes to is not waited for."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from os import PathLike
from time import monotonic, sleep
from typing import Final

_PATIENCE = 2.0
"""Seconds for somebody to begin to write to a pipe."""
_LOOKS = 0.02
_NOT_WAITING = getattr(os, "O_NONBLOCK", 0)
_CHUNK = 1 << 16
_MOST_KEPT = 4 << 20
"""Bytes of what a pipe gave that are kept for whoever reads it once more; several do, of a file as of a pipe."""
_PIPES = 8


class _Gone:
    """What the last pipes gave: it is in none of them any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, int, int], bytes] = {}

    def keep(self, pipe: tuple[int, int, int], data: bytes) -> None:
        """Keep what was read, unless it is much."""
        with self._lock:
            self._kept.pop(pipe, None)
            if data and len(data) <= _MOST_KEPT:
                self._kept[pipe] = data
            while len(self._kept) > _PIPES:
                del self._kept[next(iter(self._kept))]

    def of(self, pipe: tuple[int, int, int]) -> bytes | None:
        """What a pipe gave when it was read before."""
        with self._lock:
            return self._kept.get(pipe)


_GONE: Final = _Gone()


def read_at_most(path: str | PathLike[str], most: int) -> bytes:
    """The first ``most`` bytes of a file. Raises OSError, also for a pipe that nobody begins to write to.

    A pipe gives what it holds once; read again, in the same process, it gives that again where nobody writes to it.
    """
    with open(path, "rb", opener=_opened) as stream:
        number = stream.fileno()
        if _NOT_WAITING and stat.S_ISFIFO(os.fstat(number).st_mode):
            before = _GONE.of(_pipe(number))
            data = b"".join(_written(number, most, os.fspath(path), waits=before is None))
            if not data and before is not None:
                return before[:most]
            _GONE.keep(_pipe(number), data)
            return data
        if _NOT_WAITING:
            os.set_blocking(number, True)
        return stream.read(most)


def _pipe(number: int) -> tuple[int, int, int]:
    """Which pipe it is, and when it was made or written to last: a new one may have the number of one that is gone."""
    found = os.fstat(number)
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | _NOT_WAITING)


def _written(number: int, most: int, path: str, *, waits: bool) -> Iterator[bytes]:
    """What is written to a pipe until all who write have closed it, or it is enough. waits: for somebody to begin."""
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
        elif begun or not waits:
            return
        elif monotonic() > end:
            raise OSError(None, "it is a pipe, and nobody writes to it", path)
        else:
            sleep(_LOOKS)
