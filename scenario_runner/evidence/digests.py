"""SHA-256 of files of a run, taken while it goes on, so that its end does not wait for them."""

from __future__ import annotations

import hashlib
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path

_AT_ONCE = 16 << 20
"""Bytes of a file that is read as a whole."""


class _Seen(NamedTuple):
    """A file as it was before its digest was taken: one that was written since has another time or size."""

    inode: int
    size: int
    changed: int


class Digests:
    """What is known of files that were told to be finished; a context manager that ends its thread.

    A file that has changed since, or was never told, is read when somebody asks for it.
    """

    def __init__(self) -> None:
        self._todo: SimpleQueue[Path | None] = SimpleQueue()
        self._known: dict[Path, tuple[_Seen, str]] = {}
        self._thread: threading.Thread | None = None
        self._over = False
        self._lock = threading.Lock()

    def finished(self, path: Path, digest: str = "") -> None:
        """Have the digest of a file taken, which nobody will write any more. digest: where another process has taken it.

        Raises OSError for a file with a digest that cannot be looked at.
        """
        if digest:
            self._known[path] = _seen(path.stat()), digest
            return
        with self._lock:
            if self._over:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="digests", daemon=True)
                self._thread.start()
        self._todo.put(path)

    def of(self, path: Path) -> str:
        """In hexadecimal. Raises OSError."""
        return self.known(path) or file_digest(path)

    def known(self, path: Path) -> str:
        """The same, empty where it would have to be taken. Raises OSError."""
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == _seen(path.stat()) else ""

    def _work(self) -> None:
        while (path := self._todo.get()) is not None and not self._over:
            try:
                before = _seen(path.stat())
                self._known[path] = before, _digest_at_once(path, before.size)
            except (OSError, MemoryError):  # gone already, or not to be read: who asks is told
                continue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
        if self._thread is not None:
            self._todo.put(None)
            self._thread.join()


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_at_once(path: Path, size: int) -> str:
    """The same in as few calls as can be: after each, the thread waits for whoever makes the next files."""
    if size > _AT_ONCE:
        return file_digest(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _seen(found: stat_result) -> _Seen:
    return _Seen(found.st_ino, found.st_size, found.st_mtime_ns)
