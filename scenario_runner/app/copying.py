"""A scenario that ships, or one of a library, copied to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from scenario_runner.app.shipped_scenarios import shipped_by_name
from scenario_runner.errors import MachineError, UsageError
from scenario_runner.language.loader import load_document
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.libraries.finding import BESIDE, Libraries
from scenario_runner.plugins import Plugins


def copy_scenario(name: str, folder: Path, here: Path) -> list[Path]:
    """Copy a scenario and the files beside it that it names; returns what was written.

    name: of one that ships, or ``LIBRARY/NAME``. Raises UsageError, MachineError, InvalidInput.
    """
    source = shipped_by_name(name)
    if source is None and "/" not in name:
        raise UsageError(f"no scenario called '{name}' ships", hint="fabricate list says which do")
    if source is None:
        try:
            source = Libraries(last=[here / BESIDE]).scenario(name, str(here / "scenario.yaml"))
        except ReferenceProblem as problem:
            raise UsageError(problem.message, hint=problem.hint) from None
    written = []
    for file in (Path(source.name), *_named(source)):
        to = folder / file
        if to.exists():
            raise UsageError(f"'{to}' exists already", hint="copy into another folder")
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / file, to)
        except OSError as error:
            raise MachineError(f"cannot write '{to}': {error.strerror or error}") from error
        written.append(to)
    return written


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
