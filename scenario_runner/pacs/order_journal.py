"""What messages have changed on the worklist and what they were answered, in one file until it is where it belongs.

Appending to a file that is open costs a fiftieth of making one and renaming it, and a record is there as a whole or not at
all: its length and its CRC-32 come first. What a process that was killed left half-written is cut off by the next one.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.durability import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

ANSWERED: Final = "answered.log"
JOURNAL: Final = "orders.journal"
"""What the file is called, beside that of what was answered."""
_HEAD: Final = struct.Struct("<II")
_sync: Final = getattr(os, "fdatasync", os.fsync)
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Record(NamedTuple):
    """What became of one message. key, digest: as ``Answered`` knows it; no key of what is not to be remembered.

    changes: the name of a worklist item to what it is from now on; None for one that is gone.
    """

    key: str
    digest: str
    answers: Sequence[bytes]
    changes: Mapping[str, bytes | None]


class Journal:
    """Records in a file, which is made with the first. Used by one thread at a time, but for ``sync``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._torn = False
        """Whether the file goes on behind its whole records."""
        self.size = 0
        """Bytes of whole records."""
        self._appended = self._synced = 0
        """How many records were added, and how many of these are on the disk."""
        self._is_named = False
        """Whether the disk has the name of the file."""
        self._syncing = threading.Lock()
        self._lost: OSError | None = None
        """Why records may be gone: a disk that has failed once says yes the next time, though it has them not."""

    def read(self) -> Iterator[Record]:
        """What an earlier process left, up to where it was killed. Raises OSError."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        at = 0
        while at + _HEAD.size <= len(data):
            length, check = _HEAD.unpack_from(data, at)
            end = at + _HEAD.size + length
            body = data[at + _HEAD.size : end]
            if len(body) < length or zlib.crc32(body) != check:
                break
            yield _record(body)
            self.size = at = end
        self._torn = at < len(data)

    def append(self, record: Record) -> None:
        """Add one: it survives this process from now on. Raises OSError, and it counts for nothing."""
        if self._handle is None:
            self._handle = os.open(self._path, _FLAGS, 0o666)
        if self._torn:
            os.truncate(self._handle, self.size)
        body = _body(record)
        data = _HEAD.pack(len(body), zlib.crc32(body)) + body
        self._torn = True
        done = os.write(self._handle, data)
        while done < len(data):  # a full disk takes a part, and then says so
            done += os.write(self._handle, data[done:])
        self._torn = False
        self.size += len(data)
        self._appended += 1

    def sync(self) -> None:
        """Have all records so far on the disk, not only with the system. Raises OSError, then and ever after.

        Any thread may ask; those that come while one waits for the disk have theirs with the next wait, together.
        """
        wanted = self._appended
        with self._syncing:
            if self._lost is not None:
                raise self._lost
            if self._synced >= wanted or self._handle is None:
                return
            wanted = self._appended
            try:
                _sync(self._handle)
                if not self._is_named:
                    sync_folder(self._path.parent)
            except OSError as error:
                self._lost = error
                raise
            self._synced, self._is_named = wanted, True

    def cut(self, size: int) -> None:
        """Take back what was added beyond so many bytes. Raises OSError."""
        self._torn = True
        os.truncate(self._path, size)
        self.size, self._torn = size, False

    def empty(self) -> None:
        """Forget all: it is where it belongs. Raises OSError."""
        if self.size or self._torn:
            self.cut(0)

    def close(self) -> None:
        """Let go of the file."""
        with self._syncing:
            handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def _body(record: Record) -> bytes:
    """A line of JSON that has the lengths of what follows it."""
    key, digest, answers, changes = record
    sizes = {name: None if one is None else len(one) for name, one in changes.items()}
    line = json.dumps([key, digest, [*map(len, answers)], sizes], separators=(",", ":"))
    return b"".join((line.encode(), b"\n", *answers, *filter(None, changes.values())))


def _record(body: bytes) -> Record:
    line, _, rest = body.partition(b"\n")
    key, digest, lengths, sizes = json.loads(line)
    parts: list[bytes] = []
    for length in chain(lengths, filter(None, sizes.values())):
        parts.append(rest[:length])
        rest = rest[length:]
    items = iter(parts[len(lengths) :])
    changes = {name: None if size is None else next(items) for name, size in sizes.items()}
    return Record(key, digest, parts[: len(lengths)], changes)
