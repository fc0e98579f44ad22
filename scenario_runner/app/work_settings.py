"""``fabricate.toml``, or ``[tool.fabricate]`` of ``pyproject.toml``: what goes for the work of a folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from scenario_runner.app.library_places import library_places
from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.language.diagnostic_words import did_you_mean, some_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.folders import upwards
from scenario_runner.libraries.git_source import GitSource

FILE = "fabricate.toml"
_PROJECT = "pyproject.toml"
_KEYS = ("site", "libraries")


@dataclass(frozen=True, slots=True)
class WorkSettings:
    """What a file says; nothing where there is none."""

    file: Path | None = None
    site: str | None = None
    """The name of a site, or a site file."""
    libraries: tuple[Path | GitSource, ...] = ()
    """Where libraries are looked for: folders, archives, repositories."""

    @property
    def folder(self) -> Path:
        """What its relative paths start from."""
        return self.file.parent if self.file is not None else Path()


def work_settings(starts: Iterable[Path]) -> WorkSettings:
    """The settings nearest to one of the folders, in it or above it. Raises InvalidInput."""
    for start in starts:
        for folder in upwards(start):
            for name in (FILE, _PROJECT):
                file = folder / name
                if file.is_file() and (found := _read(file)) is not None:
                    return found
    return WorkSettings()


def _read(file: Path) -> WorkSettings | None:
    try:
        text = file.read_text("utf-8")
        if file.name == _PROJECT and "fabricate" not in text:
            return None  # and no parser is loaded for it
        import tomllib

        data = tomllib.loads(text)
    except (OSError, ValueError) as error:
        if file.name == _PROJECT:
            return None  # somebody else's file
        raise InvalidInput([_not_toml(file, error)]) from None
    if file.name == _PROJECT:
        table = data.get("tool", {}).get("fabricate")
        if table is None:
            return None
    else:
        table = data
    return _settings(file, text, table)


def _not_toml(file: Path, error: Exception) -> Diagnostic:
    match = re.search(r"line (\d+), column (\d+)", str(error))
    line, column = (int(match[1]), int(match[2])) if match else (1, 1)
    said = str(getattr(error, "strerror", None) or error)
    where = Where(str(file), line, column, line, column + 1)
    return Diagnostic("FAB015", where, f"this is not TOML: {said}", 'write NAME = "VALUE"')


def _settings(file: Path, text: str, table: Any) -> WorkSettings:
    found: list[Diagnostic] = []
    if not isinstance(table, Mapping):
        table = {"tool.fabricate": table}
    for key in table:
        if key not in _KEYS:
            known = f"it takes: {some_of(_KEYS)}"
            message = f"unknown key '{key}'{did_you_mean(key, _KEYS)}"
            found.append(Diagnostic("FAB104", _where(file, text, key), message, known))
    site, libraries = table.get("site"), table.get("libraries", [])
    if site is not None and not isinstance(site, str):
        hint = 'write site = "north"'
        found.append(Diagnostic("FAB102", _where(file, text, "site"), "'site' must be text", hint))
    if isinstance(libraries, str):
        libraries = [libraries]
    if not isinstance(libraries, list) or not all(isinstance(one, str) for one in libraries):
        hint = 'write libraries = ["libs"]'
        message = "'libraries' must be a list of folders"
        found.append(Diagnostic("FAB102", _where(file, text, "libraries"), message, hint))
        libraries = []
    if found:
        raise InvalidInput(found)
    named = ((one, _written(file, text, one)) for one in libraries)
    return WorkSettings(file, site, tuple(library_places(named, file.parent)))


def _written(file: Path, text: str, value: str) -> Where:
    """Where a library is named; by its key where the file writes it otherwise."""
    for number, line in enumerate(text.splitlines(), start=1):
        column = line.find(value) + 1
        if column and not line.lstrip().startswith("#"):
            return Where(str(file), number, column, number, column + len(value), "libraries")
    return _where(file, text, "libraries")


def _where(file: Path, text: str, key: str) -> Where:
    """The line on which a key is given."""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := re.match(rf"""\s*["']?({re.escape(key)})["']?\s*=""", line):
            return Where(str(file), number, match.start(1) + 1, number, match.end(1) + 1, key)
    return Where(str(file), path=key)
