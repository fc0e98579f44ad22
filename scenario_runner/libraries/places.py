"""The places where libraries are looked for, and what lies in each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.named_files import library_root
from scenario_runner.libraries.folders import LibraryFolders
from scenario_runner.libraries.shipped import own_before_shipped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.libraries.git_cache import GitCache
    from scenario_runner.libraries.git_source import GitSource
    from scenario_runner.libraries.library import Library

BESIDE = "libs"
"""The folder beside a scenario in which libraries are looked for."""


class Places:
    """Folders, archives and repositories in their order, each read once.

    folders: the first before the next; last: after them and what lies beside a scenario. shipped: where those lie
    that come with the program, which count where no other has their name. kept: of a run that is repeated, where
    each of its libraries was and where its copy is; then nothing else is looked at. git: what repositories are
    fetched through; environ: else the variables that git may know.
    """

    def __init__(
        self,
        folders: Sequence[Path | GitSource] = (),
        *,
        last: Sequence[Path] = (),
        shipped: Path | None = None,
        kept: Mapping[Path, Path] | None = None,
        git: GitCache | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._folders = list(folders)
        self._last = [*last, *([] if shipped is None else [shipped])]
        self._shipped = shipped
        self._kept = kept
        self._git = git
        self._environ = environ
        self._read = LibraryFolders()
        self._own: dict[Path, Path | None] = {}
        self._by_folder: dict[Path, tuple[list[Library], list[Diagnostic]]] = {}

    def read(self, place: Path) -> Library:
        """The library of a folder or an archive. Raises InvalidInput."""
        return self._read.read(place)

    def newest_in(self, place: Path) -> list[Library]:
        """The libraries that lie right in a folder, of several versions the newest, by name. Raises InvalidInput."""
        read = sorted(map(self.read, self._read.candidates(place)), key=lambda one: one.version)
        return sorted({one.name: one for one in read}.values(), key=lambda one: one.name)

    def own(self, file: str) -> Path | None:
        """The folder of the library that a file is in; of a run that is repeated, of its copy."""
        parent = Path(file).parent
        if parent not in self._own:
            self._own[parent] = self._own_now(file)
        return self._own[parent]

    def beside(self, file: str | None) -> list[Path | GitSource]:
        """Where a file's libraries are looked for, in this order. file: None for nobody's in particular."""
        if self._kept is not None:
            return list(self._kept.values())
        places: list[Path | GitSource] = list(self._folders)
        if file is not None:
            places.append(Path(file).parent / BESIDE)
            root = library_root(file)
            if root is not None:
                # Beside it lie those that it needs.
                places += [root / BESIDE, root.parent]
        once: dict[Path | GitSource, Path | GitSource] = {}
        for one in (*places, *self._last):
            # `libs` of the working folder is often the one beside the scenario, by another name.
            once.setdefault(one.absolute() if isinstance(one, Path) else one, one)
        return list(once.values())

    def every(
        self, file: str | None, commits: Callable[[], Mapping[str, str]]
    ) -> tuple[list[Library], list[Diagnostic]]:
        """All that a file's places hold, and what is wrong with what cannot be read.

        commits: gives, by the address of a repository, the one that a lock holds it to, the same for each file of a folder;
        asked where there are repositories, for a lock that cannot be read is no matter of folders. Raises what it does.
        """
        parent = Path() if file is None else Path(file).parent
        if file is not None and parent in self._by_folder:
            return self._by_folder[parent]
        found: list[Library] = []
        broken: list[Diagnostic] = []
        for place in self.beside(file):
            libraries, wrong = self._in(place, commits)
            found += libraries
            broken += wrong
        named: dict[Path, Library] = {}
        for one in found:
            named.setdefault(one.root.absolute(), one)
        every = self.own_first(list(named.values()))
        if file is not None:
            self._by_folder[parent] = (every, broken)
        return every, broken

    def own_first(self, found: Sequence[Library]) -> list[Library]:
        """Without those of the program that others have the name of."""
        return own_before_shipped(found, self._shipped)

    def _own_now(self, file: str) -> Path | None:
        for was, copy in (self._kept or {}).items():
            if Path(file).is_relative_to(was):
                return copy
        return library_root(file)

    def _in(
        self, place: Path | GitSource, commits: Callable[[], Mapping[str, str]]
    ) -> tuple[list[Library], list[Diagnostic]]:
        """The libraries that a place holds, which is fetched when it is a repository."""
        if isinstance(place, Path):
            return self._read.within(place)
        from scenario_runner.libraries.git_cache import GitCache

        self._git = self._git or GitCache(environ=self._environ)
        held = commits().get(str(place))
        try:
            checkout = self._git.checkout(place, held)
        except InvalidInput as error:
            return [], list(error.diagnostics)
        found, broken = self._read.within(checkout.folder)
        origin, commit = str(place), checkout.commit
        return [replace(one, origin=origin, commit=commit) for one in found], broken
