"""Libraries by name and range, in the folders where they are looked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.loader import load_document
from scenario_runner.language.named_files import LIBRARY_FILE
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.libraries.library import unfit
from scenario_runner.libraries.lock import LOCK_FILE
from scenario_runner.libraries.locking import Locks
from scenario_runner.libraries.places import Places
from scenario_runner.libraries.ranges import parse_range
from scenario_runner.libraries.references import Reference, parse_reference, wanted_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semver import Version

    from scenario_runner.language.document import Document
    from scenario_runner.language.library_model import LibraryHeader
    from scenario_runner.libraries.library import Library


class Libraries:
    """The libraries that scenarios mean by a name and a range, each read once.

    places: where they are looked for. locks: what holds them to a version. prefer: versions that are taken before
    newer ones. instead: taken for every version of its name.
    """

    def __init__(
        self,
        places: Places | None = None,
        *,
        locks: Locks | None = None,
        prefer: Mapping[str, Sequence[str]] | None = None,
        instead: Library | None = None,
    ) -> None:
        self.places = places or Places()
        self.locks = locks or Locks()
        self.used: dict[Path, Library] = {}
        """Those that something was found in, by their folder."""
        self._prefer = prefer or {}
        self._instead = instead
        self._pins: Mapping[str, Library] = {}
        self._documents: dict[Path, Document] = {}
        self._found: dict[tuple[str, Path, Path | None, int], Library] = {}

    def begin(self, document: Document) -> list[Diagnostic]:
        """Make ready for what a scenario uses: its lock, and versions that go together."""
        self.locks.in_force, self._pins = None, {}
        wanted = wanted_by(document)
        try:
            self.locks.in_force = self.locks.of(document.file)
        except InvalidInput as error:
            return list(error.diagnostics)
        if not wanted:
            return []
        found, _ = self._all(document.file)
        found = list(found)
        found += [] if self._instead is None else [self._instead]
        known: dict[str, list[Library]] = {}
        for one in found:
            known.setdefault(one.name, []).append(one)
        names = [asked.library for asked, _ in wanted]
        needing = any(one.header.requires.libraries for one in found)
        if not needing and len(set(names)) == len(names):
            return []
        from scenario_runner.libraries.resolving import Conflict, Need, resolved

        allowed = {name: self._allowed(several) for name, several in known.items()}
        # What no version fits by itself is told where it is used.
        roots = [
            Need(str(asked.library), asked.range)
            for asked, _ in wanted
            if any(one.version in asked.range for one in allowed.get(str(asked.library), ()))
        ]
        try:
            self._pins = resolved(roots, lambda name: allowed.get(name, []), self._order)
        except Conflict as conflict:
            asking = (
                path for asked, path in wanted if f"{asked.library} " in f"{conflict.chains[0]} "
            )
            where = document.where(next(asking, wanted[0][1]))
            locked = self.locks.versions(conflict.name)
            return [conflict.told(where, known.get(conflict.name, ()), locked)]
        return []

    def find(self, reference: str, file: str) -> Document:
        """The step list that a reference means. Raises ReferenceProblem, InvalidInput."""
        asked = parse_reference(reference)
        library = self.library(asked, file)
        return self._document(self._member(library, asked.name, "step list"))

    def scenario_document(self, reference: str, file: str) -> Document:
        """The scenario that a reference means, as read. Raises ReferenceProblem, InvalidInput."""
        return self._document(self.scenario(reference, file))

    def scenario(self, reference: str, file: str) -> Path:
        """The file of the scenario that a reference means. Raises ReferenceProblem, InvalidInput."""
        asked = parse_reference(reference)
        return self._member(self.library(asked, file), asked.name, "scenario")

    def named(self, asked: Reference, here: str) -> Library:
        """As ``library``, of one that is run by its name, held to the lock where that has it. Raises InvalidInput, too."""
        lock = self.locks.of(here)
        self.locks.in_force = (
            lock if lock is not None and lock.versions(str(asked.library)) else None
        )
        try:
            return self.library(asked, here)
        finally:
            self.locks.in_force = None

    def named_scenario(self, reference: str, here: str) -> Path:
        """The file of a scenario that is run by its name. Raises ReferenceProblem, InvalidInput."""
        asked = parse_reference(reference)
        return self._member(self.named(asked, here), asked.name, "scenario")

    def library(self, asked: Reference, file: str) -> Library:
        """The newest library of the name whose version is in the range. Raises ReferenceProblem."""
        pinned = self._pins.get(asked.library or "")
        chosen = pinned.root if pinned is not None else None
        key = (
            f"{asked.library}@{asked.range.text}",
            Path(file).parent,
            chosen,
            id(self.locks.in_force),
        )
        found = self._found.get(key)
        if found is None:
            own = asked.library is None
            found = self._own(file, asked.name) if own else self._chosen(asked, file)
            self._require_fit(found)
            self._found[key] = found
            self.used.setdefault(found.root, found)
        return found

    def unmet(self, header: LibraryHeader, document: Document) -> list[Diagnostic]:
        """What a library says it needs, and is not here: the program in its range, other libraries in theirs."""
        self.locks.in_force, self._pins = None, {}
        found = [] if (no := unfit(header, document)) is None else [no]
        for name, text in header.requires.libraries.items():
            try:
                self._chosen(Reference(name, "", parse_range(text)), document.file)
            except ReferenceProblem as problem:
                where = document.where(("requires", "libraries", name))
                found.append(Diagnostic(problem.code, where, problem.message, problem.hint))
            except InvalidInput as error:
                found += error.diagnostics
        return found

    def every(self, file: str | None = None) -> tuple[list[Library], list[Diagnostic]]:
        """All libraries that are found, in order of name and version, and what is wrong with others."""
        found, broken = self._all(file)
        return sorted(found, key=lambda one: (one.name, one.version)), broken

    def _own(self, file: str, name: str) -> Library:
        root = self.places.own(file)
        if root is None:
            raise ReferenceProblem(
                "FAB604",
                f"{quoted(name)} names no library, and this file is in none",
                f"write LIBRARY/{name}, or put the file below a folder with {LIBRARY_FILE}",
            )
        library = self.places.read(root)
        # Whoever works on a library may have a lock that says nothing of it.
        return self.locks.held(library) if self.locks.has(library) else library

    def _chosen(self, asked: Reference, file: str) -> Library:
        name = str(asked.library)
        pinned = self._pins.get(name)
        if pinned is not None and pinned.version in asked.range:
            return self.locks.held(pinned)
        found, broken = self._all(file)
        own = self.places.own(file)
        if own is not None:
            found = self.places.own_first([self.places.read(own), *found])
        if self._instead is not None:
            found = [*found, self._instead]
        named = [one for one in found if one.name == name]
        if not named:
            names = sorted({one.name for one in found})
            looked = some_of((str(each) for each in self.places.beside(file)), 4)
            there_are = f"libraries there are: {some_of(names)}; " if names else ""
            raise ReferenceProblem(
                "FAB601",
                f"no library is called {quoted(name)}{did_you_mean(name, names)}",
                f"{there_are}looked for in {looked}",
                tuple(broken),
            )
        if pinned is not None:
            raise ReferenceProblem(
                "FAB603",
                f"'{name}' is {pinned.version} here, which is not in {asked.range.text}",
                "one version of a library is used in a scenario; widen one of the ranges",
            )
        allowed = self._allowed(named)
        fitting = [one for one in allowed if one.version in asked.range]
        if not fitting:
            raise self._no_version(asked, name, named)
        return self.locks.held(max(fitting, key=self._order))

    def _no_version(
        self, asked: Reference, name: str, named: Sequence[Library]
    ) -> ReferenceProblem:
        versions = some_of(map(str, sorted({one.version for one in named}, reverse=True)))
        locked = self.locks.versions(name)
        if any(one.version in asked.range for one in named) and self.locks.in_force is not None:
            what = f"has '{name}' {some_of(locked)}" if locked else f"does not have '{name}'"
            wanted = (
                f"{asked.range.text} is asked for" if asked.range.text else f"here is {versions}"
            )
            problem = f"; {wanted}" if locked else ""
            return ReferenceProblem(
                "FAB610",
                f"{LOCK_FILE} {what}{problem}",
                f"fabricate library {f'update {name}' if locked else 'lock'} writes it anew",
            )
        range_ = f"in {asked.range.text}" if asked.range.text else "released"
        early = [one.version for one in named if one.version.finalize_version() in asked.range]
        named_ = f"; a pre-release is taken where it is named: @{max(early)}" if early else ""
        return ReferenceProblem(
            "FAB603", f"no version of '{name}' is {range_}", f"there is: {versions}{named_}"
        )

    def _allowed(self, named: Sequence[Library]) -> list[Library]:
        """Those that the lock lets be used."""
        if self._instead is not None and any(one.name == self._instead.name for one in named):
            return [self._instead]
        return [one for one in named if self.locks.allows(one)]

    def _order(self, library: Library) -> tuple[bool, Version]:
        """The best is last."""
        preferred = self._prefer.get(library.name, ())
        return str(library.version) in preferred, library.version

    def _require_fit(self, library: Library) -> None:
        """Raises InvalidInput for a library that needs another version of the program."""
        if (no := unfit(library.header, library.document)) is not None:
            raise InvalidInput([no])

    def _member(self, library: Library, name: str, what: str) -> Path:
        members = library.step_lists if what == "step list" else library.scenarios
        if name in members:
            return members[name]
        hint = f"it has: {some_of(members, 12)}" if members else f"it has no {what}"
        raise ReferenceProblem(
            "FAB602",
            f"'{library.name}' {library.version} has no {what} {quoted(name)}{did_you_mean(name, members)}",
            hint,
        )

    def _document(self, path: Path) -> Document:
        if path not in self._documents:
            self._documents[path] = load_document(path)
        return self._documents[path]

    def _all(self, file: str | None) -> tuple[list[Library], list[Diagnostic]]:
        return self.places.every(file, lambda: self._commits(file))

    def _commits(self, file: str | None) -> Mapping[str, str]:
        lock = None if file is None else self.locks.of(file)
        return {} if lock is None else lock.commits()
