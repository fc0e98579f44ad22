"""Libraries by name and range, in the folders where they are looked for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.loader import load_document
from scenario_runner.language.named_files import LIBRARY_FILE, library_root
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.libraries.folders import LibraryFolders, upwards
from scenario_runner.libraries.library import unfit
from scenario_runner.libraries.lock import LOCK_FILE, Lock, differences, not_as_locked, read_lock
from scenario_runner.libraries.ranges import parse_range
from scenario_runner.libraries.references import Reference, parse_reference, wanted_by
from scenario_runner.libraries.shipped import own_before_shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from semver import Version

    from scenario_runner.language.document import Document
    from scenario_runner.language.library_model import LibraryHeader
    from scenario_runner.libraries.git_cache import GitCache
    from scenario_runner.libraries.git_source import GitSource
    from scenario_runner.libraries.library import Library

BESIDE = "libs"
"""The folder beside a scenario in which libraries are looked for."""


class Libraries:
    """The libraries there are, each read once.

    folders: where to look, the first before the next; last: after them and what lies beside a scenario. shipped:
    where those lie that come with the program, which count where no other has their name. home:
    where a lock lies, unless there is one beside the scenario. kept: of a run that is repeated, where each of
    its libraries was and where its copy is; then nothing else is looked at, and no lock. prefer: versions that
    are taken before newer ones, instead of what a lock holds. instead: taken for every version of its name. git:
    what repositories are fetched through; environ: else the variables that git may know.
    """

    def __init__(
        self,
        folders: Sequence[Path | GitSource] = (),
        *,
        last: Sequence[Path] = (),
        shipped: Path | None = None,
        home: Path | None = None,
        kept: Mapping[Path, Path] | None = None,
        prefer: Mapping[str, Sequence[str]] | None = None,
        instead: Library | None = None,
        git: GitCache | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.used: dict[Path, Library] = {}
        """Those that something was found in, by their folder."""
        self.unlocked: dict[Path, Library] = {}
        """Those of them that no lock held and that do not come with the program."""
        self.locks: dict[Path, Lock | None] = {}
        """By the folder where they were looked for."""
        self._lock_of: dict[str, Lock | None] = {}
        """What goes for the files of a folder."""
        self._folders = list(folders)
        self._last = [*last, *([] if shipped is None else [shipped])]
        self._shipped = shipped
        self._home = home
        self._kept = kept
        self._prefer = prefer
        self._instead = instead
        self._git = git
        self._environ = environ
        self._lock: Lock | None = None
        self._pins: Mapping[str, Library] = {}
        self._folders_read = LibraryFolders()
        self._documents: dict[Path, Document] = {}
        self._roots: dict[Path, Path | None] = {}
        self._found: dict[tuple[str, Path, Path | None, int], Library] = {}
        self._by_folder: dict[Path, tuple[list[Library], list[Diagnostic]]] = {}
        self._changes: dict[Path, list[str]] = {}

    def begin(self, document: Document) -> list[Diagnostic]:
        """Make ready for what a scenario uses: its lock, and versions that go together."""
        self._lock, self._pins = None, {}
        wanted = wanted_by(document)
        try:
            self._lock = self._lock_for(document.file)
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
            locked = [] if self._lock is None else self._lock.versions(conflict.name)
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
        lock = self._lock_for(here)
        self._lock = lock if lock is not None and lock.versions(str(asked.library)) else None
        try:
            return self.library(asked, here)
        finally:
            self._lock = None

    def named_scenario(self, reference: str, here: str) -> Path:
        """The file of a scenario that is run by its name. Raises ReferenceProblem, InvalidInput."""
        asked = parse_reference(reference)
        return self._member(self.named(asked, here), asked.name, "scenario")

    def library(self, asked: Reference, file: str) -> Library:
        """The newest library of the name whose version is in the range. Raises ReferenceProblem."""
        pinned = self._pins.get(asked.library or "")
        chosen = pinned.root if pinned is not None else None
        key = (f"{asked.library}@{asked.range.text}", Path(file).parent, chosen, id(self._lock))
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
        self._lock, self._pins = None, {}
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

    def newest_in(self, place: Path) -> list[Library]:
        """The libraries that lie right in a folder, of several versions the newest, by name. Raises InvalidInput."""
        read = sorted(
            map(self.read, self._folders_read.candidates(place)), key=lambda one: one.version
        )
        return sorted({one.name: one for one in read}.values(), key=lambda one: one.name)

    def read(self, place: Path) -> Library:
        """The library of a folder or an archive. Raises InvalidInput."""
        return self._folders_read.read(place)

    def remark(self) -> str | None:
        """That libraries were used which nothing holds to a version."""
        if not self.unlocked:
            return None
        told = [f"{one.name} {one.version} ({one.known_as})" for one in self.unlocked.values()]
        return f"without a lock: {some_of(told)}; fabricate library lock writes one"

    def _own(self, file: str, name: str) -> Library:
        root = self._own_root(file)
        if root is None:
            raise ReferenceProblem(
                "FAB604",
                f"{quoted(name)} names no library, and this file is in none",
                f"write LIBRARY/{name}, or put the file below a folder with {LIBRARY_FILE}",
            )
        library = self.read(root)
        # Whoever works on a library may have a lock that says nothing of it.
        return self._as_locked(library) if self._held(library) else library

    def _own_root(self, file: str) -> Path | None:
        parent = Path(file).parent
        if parent not in self._roots:
            self._roots[parent] = self._root(file)
        return self._roots[parent]

    def _root(self, file: str) -> Path | None:
        """The library that a file is in; of a run that is repeated, its copy."""
        for was, copy in (self._kept or {}).items():
            if Path(file).is_relative_to(was):
                return copy
        return library_root(file)

    def _chosen(self, asked: Reference, file: str) -> Library:
        name = str(asked.library)
        pinned = self._pins.get(name)
        if pinned is not None and pinned.version in asked.range:
            return self._as_locked(pinned)
        found, broken = self._all(file)
        own = self._own_root(file)
        if own is not None:
            found = own_before_shipped([self.read(own), *found], self._shipped)
        if self._instead is not None:
            found = [*found, self._instead]
        named = [one for one in found if one.name == name]
        if not named:
            names = sorted({one.name for one in found})
            looked = some_of((str(each) for each in self._places(file)), 4)
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
        return self._as_locked(max(fitting, key=self._order))

    def _no_version(
        self, asked: Reference, name: str, named: Sequence[Library]
    ) -> ReferenceProblem:
        versions = some_of(map(str, sorted({one.version for one in named}, reverse=True)))
        locked = [] if self._lock is None else self._lock.versions(name)
        if any(one.version in asked.range for one in named) and self._lock is not None:
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
        return [one for one in named if self._lock is None or self._held(one)]

    def _order(self, library: Library) -> tuple[bool, Version]:
        """The best is last."""
        preferred = (self._prefer or {}).get(library.name, ())
        return str(library.version) in preferred, library.version

    def _held(self, library: Library) -> bool:
        return self._lock is not None and self._lock.of(library) is not None

    def _as_locked(self, library: Library) -> Library:
        """Raises InvalidInput for one whose content is not what was locked."""
        if self._kept is not None:
            return library
        held = None if self._lock is None else self._lock.of(library)
        if self._lock is None or held is None:
            # What comes with the program is as locked as that is.
            if self._shipped is None or not library.root.is_relative_to(self._shipped):
                self.unlocked.setdefault(library.root, library)
            return library
        if library.root not in self._changes:
            self._changes[library.root] = differences(held, library)
        if changes := self._changes[library.root]:
            raise InvalidInput([not_as_locked(self._lock, library, changes)])
        return library

    def _require_fit(self, library: Library) -> None:
        """Raises InvalidInput for a library that needs another version of the program."""
        if (no := unfit(library.header, library.document)) is not None:
            raise InvalidInput([no])

    def _lock_for(self, file: str) -> Lock | None:
        """The lock beside a scenario or above it, the nearest, else that of the work. Raises InvalidInput."""
        if self._kept is not None or self._prefer is not None or self._instead is not None:
            return None
        beside = os.path.dirname(file)  # noqa: PTH120 - asked for every file of a folder
        if beside not in self._lock_of:
            self._lock_of[beside] = self._nearest_lock(Path(beside))
        return self._lock_of[beside]

    def _nearest_lock(self, beside: Path) -> Lock | None:
        for folder in filter(None, (*upwards(beside), self._home)):
            if folder not in self.locks:
                self.locks[folder] = read_lock(folder / LOCK_FILE)
            if (lock := self.locks[folder]) is not None:
                return lock
        return None

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

    def _places(self, file: str | None) -> list[Path | GitSource]:
        if self._kept is not None:
            return list(self._kept.values())
        places: list[Path | GitSource] = list(self._folders)
        if file is not None:
            places.append(Path(file).parent / BESIDE)
            root = library_root(file)
            if root is not None:
                # Beside it lie those that it needs.
                places += [root / BESIDE, root.parent]
        return list(dict.fromkeys([*places, *self._last]))

    def _all(self, file: str | None) -> tuple[list[Library], list[Diagnostic]]:
        parent = Path() if file is None else Path(file).parent
        if file is not None and parent in self._by_folder:
            return self._by_folder[parent]
        found: list[Library] = []
        broken: list[Diagnostic] = []
        for place in self._places(file):
            libraries, wrong = self._in(place, file)
            found += libraries
            broken += wrong
        named: dict[Path, Library] = {}
        for one in found:
            named.setdefault(one.root.absolute(), one)
        every = own_before_shipped(named.values(), self._shipped)
        if file is not None:
            self._by_folder[parent] = (every, broken)
        return every, broken

    def _in(
        self, place: Path | GitSource, file: str | None
    ) -> tuple[list[Library], list[Diagnostic]]:
        """The libraries that a place holds, which is fetched when it is a repository."""
        if isinstance(place, Path):
            return self._folders_read.within(place)
        from scenario_runner.libraries.git_cache import GitCache

        self._git = self._git or GitCache(environ=self._environ)
        lock = None if file is None else self._lock_for(file)
        held = None if lock is None else lock.commits().get(str(place))
        try:
            checkout = self._git.checkout(place, held)
        except InvalidInput as error:
            return [], list(error.diagnostics)
        found, broken = self._folders_read.within(checkout.folder)
        origin, commit = str(place), checkout.commit
        return [replace(one, origin=origin, commit=commit) for one in found], broken
