"""The folder of a server's own scenarios: each a file, saved whole and never over what somebody else has saved."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import (
    ChangedMeanwhile,
    NotThere,
    TooLarge,
    Unacceptable,
    Unconditional,
)

FOLDER: Final = "scenarios"
"""Below the data folder."""
NEW: Final = "*"
"""In place of a version: it is not there yet."""
LARGEST: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A scenario of the folder. version: changes with the content."""

    name: str
    path: Path
    text: str
    version: str


class Library:
    """The scenarios of one data folder, by the names of their files. Safe between threads of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FOLDER
        self._lock = threading.Lock()

    def path(self, name: str) -> Path:
        """Where one is or would be. Raises Unacceptable for what cannot be a name."""
        if _NAME.fullmatch(name) is None:
            raise Unacceptable(
                "scenario-name",
                f"'{name[:80]}' cannot be the name of a scenario",
                hint="use letters, digits, '_' and '-'",
            )
        return self.folder / f"{name}.yaml"

    def names(self) -> Iterator[str]:
        """All names, in order."""
        if self.folder.is_dir():
            for path in sorted(self.folder.glob("*.yaml")):
                if _NAME.fullmatch(path.stem) and path.is_file() and not path.is_symlink():
                    yield path.stem

    def get(self, name: str) -> Kept:
        """One. Raises NotThere."""
        path = self.path(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise unknown(name) from error
        return Kept(name, path, data.decode("utf-8", "replace"), version_of(data))

    def save(self, name: str, text: str, version: str | None) -> Kept:
        """Keep a text. version: of what it replaces, or NEW.

        Raises ChangedMeanwhile when that is not what is there now, Unconditional when nobody says what it replaces,
        TooLarge, MachineError when it cannot be written.
        """
        data = text.encode("utf-8", "replace")
        if len(data) > LARGEST:
            raise TooLarge("scenario-too-large", f"a scenario may have {LARGEST} bytes")
        path = self.path(name)
        with self._lock:
            self._require(path, name, version)
            if version == NEW and sum(1 for _ in self.names()) >= _MOST:
                raise TooLarge("too-many-scenarios", f"{_MOST} scenarios are kept at most")
            part = path.with_suffix(".part")
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with part.open("wb") as stream:
                    stream.write(data)
                    stream.flush()
                    os.fsync(stream.fileno())
                part.replace(path)
            except OSError as error:
                raise of_the_machine("the scenario cannot be kept", error) from error
        return Kept(name, path, text, version_of(data))

    def remove(self, name: str, version: str | None) -> None:
        """Take one away. Raises NotThere, ChangedMeanwhile, Unconditional."""
        path = self.path(name)
        with self._lock:
            if not path.exists():
                raise unknown(name)
            self._require(path, name, version)
            path.unlink()

    def _require(self, path: Path, name: str, version: str | None) -> None:
        if version is None:
            raise Unconditional(
                "version-needed",
                "say which version it replaces, so that nobody's work is lost",
                hint="send If-Match with the ETag it was read with, or If-None-Match: * for a new one",
            )
        there = version_of(path.read_bytes()) if path.exists() else NEW
        if there != version:
            now = "is not there any more" if there == NEW else "has been changed meanwhile"
            now = "is there already" if version == NEW else now
            raise ChangedMeanwhile(
                "changed-meanwhile",
                f"the scenario '{name}' {now}",
                hint="read it again, or save it under another name",
            )


def version_of(data: bytes) -> str:
    """Tells one content from another."""
    return hashlib.sha256(data).hexdigest()[:32]


def unknown(name: str) -> NotThere:
    """There is none of that name."""
    return NotThere("scenario-not-found", f"there is no scenario '{name[:80]}'")
