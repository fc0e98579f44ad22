"""Scenarios that can be run by their names: those that ship with the program, of folders and of libraries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import InvalidInput
from scenario_runner.language.document_kinds import scenario_files
from scenario_runner.language.loader import load_document
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from scenario_runner.libraries.library import Library

SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class Runnable:
    """A scenario as its head says what it is. path: what ``fabricate run`` takes."""

    name: str
    title: str
    tags: tuple[str, ...]
    path: str
    source: str
    """``shipped``, the folder or file it was found by, or library and version."""

    @property
    def has_name(self) -> bool:
        """Whether ``fabricate run`` takes its name as well."""
        return self.source == SHIPPED or self.name == self.path


def shipped_scenarios() -> list[Runnable]:
    """All of them, in order of their paths; a file that is damaged is left out."""
    folder = resource("scenarios")
    return [
        _runnable(file, f"scenarios/{file.relative_to(folder).as_posix()}", SHIPPED, data)
        for file, data in _heads([folder])
    ]


def scenarios_in(path: Path) -> list[Runnable]:
    """Those of a folder, or of a file; one that is damaged is left out."""
    return [_runnable(file, str(file), str(path), data) for file, data in _heads([path])]


def scenarios_of(libraries: Iterable[Library]) -> list[Runnable]:
    """Those of libraries, in order; of several versions of a library the newest; damaged ones are left out."""
    newest = {one.name: one for one in sorted(libraries, key=lambda one: one.version)}
    return [
        _runnable(
            file,
            f"{library.name}/{name}",
            f"{library.name} {library.version}",
            {**data, "name": f"{library.name}/{name}"},
        )
        for _, library in sorted(newest.items())
        for name, path in library.scenarios.items()
        for file, data in _heads([path])
    ]


def shipped_by_name(name: str) -> Path | None:
    """The file of a scenario that ships, by its name or that of its file."""
    folder = resource("scenarios")
    files = scenario_files([folder])
    by_file = (file for file in files if file.stem == name)
    by_name = (file for file, data in _heads([folder]) if data.get("name") == name)
    return next(by_file, None) or next(by_name, None)


def _heads(paths: Iterable[Path]) -> Iterator[tuple[Path, Mapping[str, object]]]:
    for file in scenario_files(paths):
        try:
            found = file.stat()
        except OSError:
            continue  # taken away since the folder was read
        head = _head(file, found.st_mtime_ns, found.st_size)
        if head is not None:
            yield file, head


@lru_cache(maxsize=1024)
def _head(file: Path, _changed: int, _size: int) -> Mapping[str, object] | None:
    """What a list says of a file, remembered until it changes: a server is asked again and again. None of a damaged one."""
    try:
        data = load_document(file).data
    except InvalidInput:
        return None
    if not isinstance(data, dict):
        return None
    return {key: data[key] for key in ("name", "title", "tags") if key in data}


def _runnable(file: Path, path: str, source: str, data: Mapping[str, object]) -> Runnable:
    tags = data.get("tags")
    return Runnable(
        name=str(data.get("name", file.stem)),
        title=str(data.get("title", "")),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        path=path,
        source=source,
    )
