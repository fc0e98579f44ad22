"""Which messages have been answered, also across restarts: one that comes again is done once.

A message is noted before it is done and once it is answered, so that one that was being done when the
process was killed is known for what it is when its sender repeats it.
"""

from __future__ import annotations

import base64
import json
import logging
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, Final

from scenario_runner.lazy_dataclasses import dataclass

LOGGER = logging.getLogger(__name__)
_REMEMBERED: Final = 10_000
"""Messages; a sender repeats one within minutes."""
_LONGEST: Final = 8 * _REMEMBERED
"""Lines of the file, before it is written anew."""


@dataclass(slots=True)
class Known:
    """A message that was seen. answers: what was said to it; None while nothing was."""

    digest: str
    answers: list[bytes] | None = None


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
        if path is not None:
            self._load(path)

    def known(self, key: str) -> Known | None:
        """What is known of a message."""
        return self._known.get(key)

    def begins(self, key: str, digest: str) -> None:
        """Note a message that is about to be done."""
        self._put(key, Known(digest))
        self._write({"k": key, "d": digest})

    def ends(self, key: str, answers: list[bytes] | None) -> None:
        """Note what it was answered; None forgets it, so that it is done anew when it comes again."""
        if answers is None:
            self._known.pop(key, None)
            self._write({"k": key})
            return
        known = self._known[key]
        known.answers = answers
        said = [base64.b64encode(one).decode("ascii") for one in answers]
        self._write({"k": key, "d": known.digest, "a": said})

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

    def _write(self, line: dict[str, object]) -> None:
        if self._path is None:
            return
        try:
            if self._file is None or self._lines >= _LONGEST:
                self._begin_anew(self._path)
            assert self._file is not None
            self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            self._lines += 1
        except OSError as error:
            LOGGER.warning("'%s' cannot be written: %s", self._path, error.strerror or error)

    def _begin_anew(self, path: Path) -> None:
        """Write what is remembered, and go on behind it."""
        self.close()
        half = path.with_suffix(".part")
        with half.open("wb") as file:
            for key, known in self._known.items():
                said = [base64.b64encode(one).decode("ascii") for one in known.answers or ()]
                line = {"k": key, "d": known.digest, **({"a": said} if said else {})}
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        half.replace(path)
        self._lines = len(self._known)
        self._file = path.open("ab", buffering=0)

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
                key, digest, said = row["k"], row.get("d"), row.get("a")
                answers = None if said is None else [base64.b64decode(one) for one in said]
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # the last line of a process that was killed
            if digest is None:
                self._known.pop(key, None)
            else:
                self._put(key, Known(digest, answers))
