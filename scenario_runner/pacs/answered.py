"""Which messages have been answered, also across restarts: one that comes again is done once."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.pacs.order_journal import Record

LOGGER = logging.getLogger(__name__)
_REMEMBERED: Final = 10_000
"""Messages; a sender repeats one within minutes."""
_LONGEST: Final = 8 * _REMEMBERED
"""Lines of the file, before it is written anew."""


@dataclass(slots=True)
class Known:
    """A message that was done. answers: what was said to it."""

    digest: str
    answers: list[bytes]


class Answered:
    """The last messages by sender and control ID. Used by one thread at a time.

    path: where they are kept; in memory only by default. A file that cannot be read or written costs the
    memory of earlier processes and nothing else.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._file: BinaryIO | None = None
        self._lines = 0
        self._unwritten: list[str] = []
        if path is not None:
            self._load(path)

    def known(self, key: str) -> Known | None:
        """What is known of a message."""
        return self._known.get(key)

    def note(self, record: Record) -> None:
        """Note what a message was answered; for the file, with ``write``."""
        if record.key:
            self._put(record.key, Known(record.digest, [*record.answers]))
            self._unwritten.append(record.key)

    def write(self, *, synced: bool = False) -> None:
        """Bring to the file what was noted since the last time. synced: and to the disk."""
        keys, self._unwritten = self._unwritten, []
        if self._path is None or not keys:
            return
        try:
            if self._file is None or self._lines + len(keys) > _LONGEST:
                self._file = self._begun_anew(self._path)
            else:
                lines = (_line(key, self._known[key]) for key in keys if key in self._known)
                self._file.write(b"".join(lines))
                self._lines += len(keys)
            if synced:
                os.fsync(self._file.fileno())
        except OSError as error:
            LOGGER.warning("'%s' cannot be written: %s", self._path, error.strerror or error)
            self.close()  # the next time all is written, behind no half line

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put(self, key: str, known: Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _begun_anew(self, path: Path) -> BinaryIO:
        """Write what is remembered; the file to go on with behind it."""
        self.close()
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            file.writelines(_line(key, known) for key, known in self._known.items())
        half.replace(path)
        self._lines = len(self._known)
        return path.open("ab", buffering=0)

    def _load(self, path: Path) -> None:
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        except OSError as error:
            LOGGER.warning("'%s' cannot be read: %s", path, error.strerror or error)
            return
        for line in lines:
            try:
                row = json.loads(line)
                key, digest = row["k"], row["d"]
                answers = [base64.b64decode(one) for one in row["a"]]
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # the last line of a process that was killed
            self._put(key, Known(digest, answers))


def _line(key: str, known: Known) -> bytes:
    said = [base64.b64encode(one).decode("ascii") for one in known.answers]
    row = {"k": key, "d": known.digest, "a": said}
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"
