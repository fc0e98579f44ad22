"""Which lock goes for a file, and whether the libraries that it uses are as that has them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import InvalidInput
from scenario_runner.language.diagnostic_words import some_of
from scenario_runner.libraries.folders import upwards
from scenario_runner.libraries.lock import LOCK_FILE, Lock, differences, not_as_locked, read_lock

if TYPE_CHECKING:
    from scenario_runner.libraries.library import Library


class Locks:
    """The locks there are, each read once, of which one is in force at a time.

    home: where one lies, unless there is one beside the scenario. shipped: where the libraries lie that come with the
    program. heeded: whether locks count at all; in a run that is repeated its copies do.
    """

    def __init__(
        self, home: Path | None = None, *, shipped: Path | None = None, heeded: bool = True
    ) -> None:
        self.read: dict[Path, Lock | None] = {}
        """By the folder where they were looked for."""
        self.unlocked: dict[Path, Library] = {}
        """Libraries that were used though no lock held them and they do not come with the program, by their folder."""
        self.in_force: Lock | None = None
        """The one that goes for what is read at the moment."""
        self._home, self._shipped, self._heeded = home, shipped, heeded
        self._lock_of: dict[str, Lock | None] = {}
        self._changes: dict[Path, list[str]] = {}

    def of(self, file: str) -> Lock | None:
        """The lock beside a scenario or above it, the nearest, else that of the work. Raises InvalidInput."""
        if not self._heeded:
            return None
        beside = os.path.dirname(file)  # noqa: PTH120 - asked for every file of a folder
        if beside not in self._lock_of:
            self._lock_of[beside] = self._nearest(Path(beside))
        return self._lock_of[beside]

    def versions(self, name: str) -> list[str]:
        """Those that the lock in force has of a library."""
        return [] if self.in_force is None else self.in_force.versions(name)

    def allows(self, library: Library) -> bool:
        """Whether the lock in force, if there is one, lets a library be used."""
        return self.in_force is None or self.has(library)

    def has(self, library: Library) -> bool:
        """Whether the lock in force says anything of a library of this version."""
        return self.in_force is not None and self.in_force.of(library) is not None

    def held(self, library: Library) -> Library:
        """The same library. Raises InvalidInput for one whose content is not what was locked."""
        if not self._heeded:
            return library
        lock = self.in_force
        held = None if lock is None else lock.of(library)
        if lock is None or held is None:
            # What comes with the program is as locked as that is.
            if self._shipped is None or not library.root.is_relative_to(self._shipped):
                self.unlocked.setdefault(library.root, library)
            return library
        if library.root not in self._changes:
            self._changes[library.root] = differences(held, library)
        if changes := self._changes[library.root]:
            raise InvalidInput([not_as_locked(lock, library, changes)])
        return library

    def remark(self) -> str | None:
        """That libraries were used which nothing holds to a version."""
        if not self.unlocked:
            return None
        told = [f"{one.name} {one.version} ({one.known_as})" for one in self.unlocked.values()]
        return f"without a lock: {some_of(told)}; fabricate library lock writes one"

    def _nearest(self, beside: Path) -> Lock | None:
        for folder in filter(None, (*upwards(beside), self._home)):
            if folder not in self.read:
                self.read[folder] = read_lock(folder / LOCK_FILE)
            if (lock := self.read[folder]) is not None:
                return lock
        return None
