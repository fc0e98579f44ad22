"""What ships, and scenarios and libraries of others, copied to be changed.

A scenario that leaves its library names it where it used its step lists, which stay there.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scenario_runner.app.shipped_scenarios import shipped_by_name, shipped_scenarios
from scenario_runner.app.sites import shipped_site, shipped_sites
from scenario_runner.errors import InvalidInput, UsageError, of_the_machine
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.language.document import Document
from scenario_runner.language.loader import load_document
from scenario_runner.language.named_files import base_of, library_root
from scenario_runner.language.schema import scenario_schema
from scenario_runner.language.schema_marks import marks
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.language.templates import scalars
from scenario_runner.language.written_entries import written_entries
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.places import BESIDE, Places
from scenario_runner.libraries.ranges import parse_range
from scenario_runner.libraries.references import Reference
from scenario_runner.libraries.shipped import shipped_libraries
from scenario_runner.origins import Path as Place
from scenario_runner.plugins import Plugins


@dataclass(frozen=True, slots=True)
class Copied:
    """What was written, and the library whose step lists it uses from then on, if any."""

    written: tuple[Path, ...]
    needs: Library | None = None


def copy_scenario(name: str, folder: Path, here: Path) -> Copied:
    """Copy a scenario and the files that it names, a whole library or a site.

    name: of a scenario or a site that ships, a library, or ``LIBRARY/NAME``. A library comes into ``libs/``, a site
    into ``sites/``, where they are found. Raises UsageError, MachineError, InvalidInput.
    """
    if (source := shipped_by_name(name)) is not None:
        return _copied(_with_files(source), folder)
    if (site := shipped_site(name)) is not None:
        return _copied(_all_in(site.parent), folder / "sites" / site.parent.name)
    libraries = Libraries(Places(last=[here / BESIDE], shipped=shipped_libraries()))
    beside = str(here / "scenario.yaml")
    try:
        if "/" in name:
            source = libraries.scenario(name, beside)
            library = libraries.places.read(library_root(source) or source.parent)
            text, leaves = _naming(load_document(source), library)
            copied = _copied(_with_files(source), folder, {source: text})
            return replace(copied, needs=library if leaves else None)
        found = libraries.library(Reference(name, "", parse_range("")), beside)
    except ReferenceProblem as problem:
        if problem.more:
            raise InvalidInput(problem.more) from None
        if "/" in name or problem.code != "FAB601":
            raise UsageError(problem.message, hint=problem.hint) from None
        known = [*(one.name for one in shipped_scenarios()), *shipped_sites()]
        known += (one.name for one in libraries.every(beside)[0])
        message = f"no scenario, site or library called '{name}' ships{did_you_mean(name, known)}"
        raise UsageError(message, hint="fabricate list says which scenarios do") from None
    files = {Path(within): found.root / within for within, _ in found.files()}
    return _copied(files, folder / BESIDE / found.name)


def _copied(
    files: Mapping[Path, Path], folder: Path, texts: Mapping[Path, str] | None = None
) -> Copied:
    """Copy files under names within a folder, some with another text; none takes the place of another."""
    if taken := next((folder / name for name in files if (folder / name).exists()), None):
        raise UsageError(f"'{taken}' exists already", hint="copy into another folder")
    for name, file in files.items():
        to = folder / name
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            if texts and file in texts:
                to.write_text(texts[file], encoding="utf-8", newline="")
            else:
                shutil.copyfile(file, to)
        except OSError as error:
            raise of_the_machine(f"cannot write '{to}'", error) from error
    return Copied(tuple(folder / name for name in files))


def _all_in(folder: Path) -> dict[Path, Path]:
    return {one.relative_to(folder): one for one in sorted(folder.rglob("*")) if one.is_file()}


def _with_files(source: Path) -> dict[Path, Path]:
    """A scenario and the files below its folder, or below its library's, that it names: by what it calls them."""
    document = load_document(source)
    found = {Path(source.name): source}
    marked = marks(scenario_schema(Plugins(outside=False)), document.data)
    # What patients come from and are shown by is told by their values alone: a source may be a plugin's.
    names = [document.data.get("rows"), *(mark.value for mark in marked if mark.what == "file")]
    names += (one for _, one in scalars(document.data.get("patients")) if "." in str(one))
    for name in names:
        if not isinstance(name, str) or ".." in name or "\0" in name:
            continue
        if Path(name).is_absolute() or not Path(name).parts:
            continue
        folder = base_of(str(source), name)
        # Text that is no name of files finds none; a Path would refuse some of it.
        there = glob.glob(name, root_dir=folder, recursive=True)  # noqa: PTH207
        for path in sorted(folder / one for one in there):
            inside = [path] if path.is_file() else sorted(path.rglob("*"))
            found |= {one.relative_to(folder): one for one in inside if one.is_file()}
    return found


def _naming(document: Document, library: Library) -> tuple[str, bool]:
    """The text of a scenario, its library named where it uses something of it, and whether it does."""
    data: Any = document.data
    places: list[tuple[Place, Any]] = [(("scenario",), data.get("scenario"))]
    for path, entry in written_entries(data):
        used = entry.get("use")
        if isinstance(used, dict):
            places.append(((*path, "use", "steps"), used.get("steps")))
    own = [
        (document.where(at), text)
        for at, text in places
        if isinstance(text, str) and "/" not in text
    ]
    whole = document.text
    for where, name in sorted(own, key=lambda one: (one[0].line, one[0].column), reverse=True):
        start = document.lines[where.line - 1] + where.column - 1
        end = document.lines[where.end_line - 1] + where.end_column - 1
        whole = f"{whole[:start]}{library.name}/{name}@^{library.version}{whole[end:]}"
    return whole, bool(own)
