"""What ships, and scenarios and libraries of others, copied to be changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from scenario_runner.app.shipped_scenarios import shipped_by_name
from scenario_runner.app.sites import shipped_site
from scenario_runner.errors import MachineError, UsageError
from scenario_runner.language.loader import load_document
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.libraries.finding import BESIDE, Libraries
from scenario_runner.libraries.ranges import parse_range
from scenario_runner.libraries.references import Reference
from scenario_runner.libraries.shipped import shipped_libraries
from scenario_runner.plugins import Plugins


def copy_scenario(name: str, folder: Path, here: Path) -> list[Path]:
    """Copy a scenario and the files beside it that it names, a whole library or a site; returns what was written.

    name: of a scenario or a site that ships, a library, or ``LIBRARY/NAME``. A library comes into ``libs/``, a site
    into ``sites/``, where they are found. Raises UsageError, MachineError, InvalidInput.
    """
    if (source := shipped_by_name(name)) is not None:
        return _copied(source.parent, (Path(source.name), *_named(source)), folder)
    if (site := shipped_site(name)) is not None:
        return _copied(site.parent, _all_in(site.parent), folder / "sites" / site.parent.name)
    libraries = Libraries(last=[here / BESIDE], shipped=shipped_libraries())
    beside = str(here / "scenario.yaml")
    try:
        if "/" in name:
            source = libraries.scenario(name, beside)
            return _copied(source.parent, (Path(source.name), *_named(source)), folder)
        found = libraries.library(Reference(name, "", parse_range("")), beside)
    except ReferenceProblem as problem:
        if "/" in name or problem.code != "FAB601":
            raise UsageError(problem.message, hint=problem.hint) from None
        message = f"no scenario, site or library called '{name}' ships"
        raise UsageError(message, hint="fabricate list says which scenarios do") from None
    files = [Path(within) for within, _ in found.files()]
    return _copied(found.root, files, folder / BESIDE / found.name)


def _copied(source: Path, files: Iterable[Path], folder: Path) -> list[Path]:
    """Copy files by their names within a folder; none takes the place of another."""
    written = []
    for file in files:
        to = folder / file
        if to.exists():
            raise UsageError(f"'{to}' exists already", hint="copy into another folder")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / file, to)
        except OSError as error:
            raise MachineError(f"cannot write '{to}': {error.strerror or error}") from error
        written.append(to)
    return written


def _all_in(folder: Path) -> list[Path]:
    return sorted(one.relative_to(folder) for one in folder.rglob("*") if one.is_file())


def _named(source: Path) -> list[Path]:
    """The files below the scenario's folder that it names, relative to that."""
    document = load_document(source)
    found: dict[Path, None] = {}
    folder = source.parent
    for mark in marks(scenario_schema(Plugins(outside=False)), document.data):
        if mark.what != "file" or not isinstance(mark.value, str) or ".." in mark.value:
            continue
        there = sorted(folder.glob(mark.value)) if not Path(mark.value).is_absolute() else []
        for path in there:
            inside = [path] if path.is_file() else sorted(path.rglob("*"))
            found |= {one.relative_to(folder): None for one in inside if one.is_file()}
    return list(found)
