"""The libraries that lie in folders and archives, each read once."""

from __future__ import annotations

import weakref
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.named_files import LIBRARY_FILE
from scenario_runner.libraries.archive import SUFFIX, unpack
from scenario_runner.libraries.library import Library, read_library
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST = 64
"""Folders that are looked at."""


def upwards(start: Path) -> list[Path]:
    """A folder and those above it; relative ones are named from where they are.

    What is named relatively stays so in diagnostics, as far as it can.
    """
    if ".." in start.parts or start.is_absolute():
        return [start, *start.absolute().parents][:_DEEPEST]
    return [start, *start.parents, *start.absolute().parents[len(start.parts) :]][:_DEEPEST]


class LibraryFolders:
    """What is found where: libraries, and what is wrong with those that cannot be read."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[Sequence[Library], Sequence[Diagnostic]]] = {}
        self._listed: dict[Path, list[Path]] = {}

    def read(self, place: Path) -> Library:
        """The library of a folder or an archive. Raises InvalidInput."""
        found, broken = self._at(place)
        if not found:
            raise InvalidInput(broken)
        return found[0]

    def candidates(self, place: Path) -> list[Path]:
        """The folders and archives of libraries that a place holds: itself, or those right in it."""
        if place not in self._listed:
            self._listed[place] = _holding(place)
        return self._listed[place]

    def within(self, place: Path) -> tuple[list[Library], list[Diagnostic]]:
        """The libraries of its candidates, and what is wrong with the others."""
        found: list[Library] = []
        broken: list[Diagnostic] = []
        for each in self.candidates(place):
            libraries, wrong = self._at(each)
            found += libraries
            broken += wrong
        return found, broken

    def _at(self, place: Path) -> tuple[Sequence[Library], Sequence[Diagnostic]]:
        if place not in self._read:
            try:
                # What is unpacked is a folder by the archive's name.
                is_packed = place.suffix == SUFFIX and not place.is_dir()
                read = self._unpacked(place) if is_packed else read_library(place)
                self._read[place] = ([read], [])
            except InvalidInput as error:
                self._read[place] = ([], list(error.diagnostics))
        return self._read[place]

    def _unpacked(self, archive: Path) -> Library:
        # It ends with the name of the archive, by which people know the files in it.
        folder = self._scratch / str(len(self._read)) / archive.name
        folder.mkdir(parents=True)
        unpack(archive, folder)
        return read_library(folder, archive)

    @cached_property
    def _scratch(self) -> Path:
        """Where archives are unpacked; it goes with this object, or with the process."""
        folder = TemporaryFolder()
        weakref.finalize(self, folder.remove)
        return folder.path


def _holding(place: Path) -> list[Path]:
    if (place / LIBRARY_FILE).is_file() or place.suffix == SUFFIX:
        return [place]
    try:
        return sorted(
            entry
            for entry in place.iterdir()
            if not entry.name.startswith(".")
            and (entry.suffix == SUFFIX or (entry / LIBRARY_FILE).is_file())
        )
    except OSError:
        return []
