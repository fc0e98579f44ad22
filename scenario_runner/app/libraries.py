"""What ``fabricate library`` does: list, lock, verify, pack."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.app.load import Sources, libraries_for, load_plugins, load_site, settings_for
from scenario_runner.app.shipped_scenarios import SHIPPED
from scenario_runner.app.validate import validate
from scenario_runner.errors import (
    Diagnostic,
    InvalidInput,
    NothingSelected,
    UsageError,
    of_the_machine,
)
from scenario_runner.language.document_kinds import SCENARIO, require_kind, scenario_files
from scenario_runner.language.expansion import expanded
from scenario_runner.language.loader import load_document
from scenario_runner.language.named_files import LIBRARY_FILE
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.archive import SUFFIX, packed
from scenario_runner.libraries.folders import upwards
from scenario_runner.libraries.git_cache import GitCache
from scenario_runner.libraries.git_checkout import commit_of
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.lock import (
    LOCK_FILE,
    Lock,
    Locked,
    differences,
    locked,
    not_as_locked,
    read_lock,
    write_lock,
)
from scenario_runner.libraries.places import Places
from scenario_runner.libraries.shipped import shipped_libraries


@dataclass(frozen=True, slots=True)
class LockChange:
    """What became of a library in a lock: versions before and after, None where it was or is not there."""

    name: str
    before: str | None
    after: str | None

    @property
    def told(self) -> str:
        """For people."""
        if self.before is None:
            return f"{self.name} {self.after} added"
        if self.after is None:
            return f"{self.name} {self.before} taken out"
        if self.before == self.after:
            return f"{self.name} {self.after} locked anew"
        return f"{self.name} {self.before} → {self.after}"


def found_libraries(sources: Sources) -> tuple[list[Library], list[Diagnostic]]:
    """The libraries that scenarios at the paths can use, and what is wrong with others."""
    _, site = load_site(sources.site, sources.around)
    libraries = libraries_for(sources, site)
    found: dict[Path, Library] = {}
    broken: dict[Diagnostic, None] = {}
    for path in sources.paths:
        file = path / "scenario.yaml" if path.is_dir() else path
        each, wrong = libraries.every(str(file))
        found |= {one.root: one for one in each}
        broken |= dict.fromkeys(wrong)
    return sorted(found.values(), key=lambda one: (one.name, one.version)), list(broken)


def lock_path(sources: Sources) -> Path:
    """Where the lock of the work lies: beside its settings, else the one of the scenarios, else beside them."""
    settings = settings_for(sources)
    if settings.file is not None:
        return settings.folder / LOCK_FILE
    first = sources.paths[0]
    beside = first if first.is_dir() else first.parent
    there = (folder / LOCK_FILE for folder in upwards(beside))
    return next((file for file in there if file.exists()), beside / LOCK_FILE)


def lock_libraries(
    sources: Sources, update: Sequence[str] | None = ()
) -> tuple[Path, list[LockChange]]:
    """Lock the versions that the scenarios at the paths use. Raises InvalidInput, NothingSelected.

    What is locked already keeps its version where that still fits, and gets the digest of what is there now.
    update: names of libraries that take the newest version instead; None for all of them.
    """
    path = lock_path(sources)
    before = _held(path)
    known = {one.name for one in before}
    for name in update or ():
        if name not in known:
            raise UsageError(
                f"'{name}' is not in {path}",
                hint=f"locked are: {', '.join(sorted(known)) or 'none'}",
            )
    used = _used(sources, path, before, update)
    entries = [locked(one, _source(one, path.parent), _commit(one)) for one in used]
    write_lock(path, entries)
    return path, _changes(before, entries)


def verify_lock(sources: Sources) -> tuple[Path, list[str]]:
    """Hold the libraries there are against the lock; returns what was found as locked.

    Raises InvalidInput with each that is missing or differs, NothingSelected where there is no lock.
    """
    path = lock_path(sources)
    lock = read_lock(path)
    if lock is None:
        raise NothingSelected(f"there is no {path}", hint="fabricate library lock writes it")
    found, broken = found_libraries(sources)
    wrong: list[Diagnostic] = []
    same: list[str] = []
    for place, held in enumerate(lock.libraries):
        there = [one for one in found if (one.name, str(one.version)) == (held.name, held.version)]
        if not there:
            wrong.append(
                Diagnostic(
                    "FAB610",
                    lock.document.where(("libraries", place, "version")),
                    f"'{held.name}' {held.version} is locked and not here",
                    f"it was in {held.source}",
                )
            )
        for one in there:
            if changes := differences(held, one):
                wrong.append(not_as_locked(lock, one, changes))
            else:
                same.append(f"{one.name} {one.version} ({one.known_as})")
    if wrong:
        raise InvalidInput([*broken, *wrong])
    return path, same


def pack(folder: Path, out: Path | None = None) -> Path:
    """Pack a library that is sound into an archive. Raises InvalidInput, UsageError, MachineError."""
    library = Places().read(folder)
    require_sound(library)
    path = out or Path(f"{library.name}-{library.version}{SUFFIX}")
    if path.suffix != SUFFIX:
        raise UsageError(f"'{path}' does not end in {SUFFIX}", hint=f"write {path}{SUFFIX}")
    try:
        with path.open("xb") as stream:
            stream.write(packed(library))
    except FileExistsError:
        raise UsageError(
            f"'{path}' exists already", hint="choose another name with --out"
        ) from None
    except OSError as error:
        raise of_the_machine(f"cannot write '{path}'", error) from error
    return path


def require_sound(library: Library) -> None:
    """Raises InvalidInput with all that is wrong in the files of a library."""
    found = [
        one
        for one in validate(Sources(paths=[library.root])).diagnostics
        if one.severity == "error"
    ]
    if found:
        raise InvalidInput(found)


def _held(path: Path) -> tuple[Locked, ...]:
    try:
        lock = read_lock(path)
    except InvalidInput:
        return ()  # it is written anew
    return () if lock is None else lock.libraries


def _used(
    sources: Sources, path: Path, before: Sequence[Locked], update: Sequence[str] | None
) -> list[Library]:
    plugins = load_plugins(sources.site)
    _, site = load_site(sources.site, sources.around)
    used: dict[Path, Library] = {}
    found: list[Diagnostic] = []
    files = scenario_files(sources.paths)
    if not files:  # whoever keeps all scenarios in libraries runs these by their names
        ours = [one for one in found_libraries(sources)[0] if _source(one, path.parent) != SHIPPED]
        used = {one.root: one for one in ours}
        files = [file for one in ours for file in one.scenarios.values()]
    if not files and not used:
        raise NothingSelected(f"no scenario in {', '.join(map(str, sources.paths))}")
    git = GitCache(held=_commits(before, update), fresh=True, environ=sources.around.environ)
    for file in files:
        libraries = libraries_for(sources, site, _preferred(path, before, update), git)
        try:
            document = load_document(file)
            require_kind(document, SCENARIO)
        except InvalidInput as error:
            found += error.diagnostics
            continue
        _, wrong = expanded(document, plugins, libraries)
        found += [one for one in wrong if one.code.startswith("FAB6") or _is_of_a_library(one)]
        used |= libraries.used
    if found:
        raise InvalidInput(list(dict.fromkeys(found)))
    return sorted(used.values(), key=lambda one: (one.name, one.version))


def _is_of_a_library(one: Diagnostic) -> bool:
    """Whether it is the reason for which there is no such library."""
    return Path(one.where.file).name == LIBRARY_FILE


def _preferred(
    path: Path, before: Sequence[Locked], update: Sequence[str] | None
) -> dict[str, list[str]]:
    """The versions that libraries are to keep where they can."""
    del path
    if update is None:
        return {}
    kept: dict[str, list[str]] = {}
    for one in before:
        if one.name not in update:
            kept.setdefault(one.name, []).append(one.version)
    return kept


def _commit(library: Library) -> str | None:
    if library.origin is not None:
        return library.commit
    return commit_of(library.root) if library.source == library.root else None


def _commits(before: Sequence[Locked], update: Sequence[str] | None) -> dict[str, str]:
    """By the address of a repository, the commit that it stays at: none of its libraries is to be updated."""
    moving = {one.source for one in before if update is None or one.name in update}
    return {
        one.source: one.commit
        for one in before
        if one.commit is not None and one.source not in moving
    }


def _source(library: Library, beside: Path) -> str:
    if library.origin is not None:
        return library.origin
    if library.root.is_relative_to(shipped_libraries()):
        return SHIPPED  # where the program lies is another matter on each machine
    return Path(os.path.relpath(library.source, beside)).as_posix()


def _changes(before: Iterable[Locked], after: Iterable[Locked]) -> list[LockChange]:
    old = {(one.name, one.version): one for one in before}
    new = {(one.name, one.version): one for one in after}
    gone = [key for key in old if key not in new]
    come = [key for key in new if key not in old]
    changes: list[LockChange] = []
    for name, version in come:
        was = next((key for key in gone if key[0] == name), None)
        if was is not None:
            gone.remove(was)
        changes.append(LockChange(name, was[1] if was else None, version))
    changes += [LockChange(name, version, None) for name, version in gone]
    changes += [
        LockChange(name, version, version)
        for (name, version), one in new.items()
        if (name, version) in old and old[name, version].sha256 != one.sha256
    ]
    return sorted(changes, key=lambda one: one.name)


__all__ = ["Lock", "LockChange", "found_libraries", "lock_libraries", "pack", "verify_lock"]


def row(library: Library) -> dict[str, Any]:
    """A library as a row of ``fabricate library list``."""
    return {
        "name": library.name, "version": str(library.version), "title": library.header.title,
        "steps": list(library.step_lists), "scenarios": list(library.scenarios),
        "from": library.known_as,
    }  # fmt: skip
