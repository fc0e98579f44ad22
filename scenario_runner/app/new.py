"""New scenario and site files to start from."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.errors import UsageError, of_the_machine
from scenario_runner.resources import resource

if TYPE_CHECKING:
    from scenario_runner.app.systems import System


def write_new(kind: str, name: str, out: Path | None = None) -> Path:
    """Write a file that validates as it is, its schema named for editors, and return where. kind: ``scenario`` or ``site``.

    Raises UsageError for a name the language does not allow or a file that exists already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise UsageError(
            f"'{name}' cannot be the name of a {kind}", hint="use letters, digits, '_', '.' and '-'"
        )
    path = out or Path(f"{name}.yaml")
    skeleton = files("scenario_runner.app").joinpath("skeletons", f"{kind}.yaml")
    text = skeleton.read_text("utf-8").replace("@NAME@", name)
    text = f"# yaml-language-server: $schema={_schema(kind, path.parent)}\n{text}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UsageError(f"'{path}' exists already", hint="choose another name or --out") from error
    except OSError as error:
        raise of_the_machine(f"cannot write '{path}'", error) from error
    return path


def first_text(name: str, systems: Sequence[System]) -> str:
    """A scenario to start from, for the systems of a site: ``pacs``, or the first that takes studies and is for tests."""
    skeleton = files("scenario_runner.app").joinpath("skeletons", "scenario.yaml")
    text = skeleton.read_text("utf-8").replace("@NAME@", name)
    fit = [
        one.name
        for one in systems
        if not one.may_be_production and not {"dicom", "embedded"}.isdisjoint(dict(one.services))
    ]
    if not fit or "pacs" in fit:
        return text
    return re.sub(r"\b(to|on|from): pacs\b", lambda found: f"{found[1]}: {fit[0]}", text)


def _schema(kind: str, folder: Path) -> str:
    """Where editors find the schema: in ``schemas`` beside a new file or above it, else where the program has it."""
    file = f"{kind}.v1.schema.json"
    for above in (folder, *folder.absolute().parents):
        if (found := above / "schemas" / file).is_file():
            return Path(os.path.relpath(found, folder)).as_posix()
    return resource("schemas", file).absolute().as_uri()


def write_library(name: str, out: Path | None = None) -> list[Path]:
    """Write the folder of a library that validates and runs as it is. Raises UsageError, MachineError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise UsageError(
            f"'{name}' cannot be the name of a library",
            hint="use letters, digits, '_', '.' and '-'",
        )
    folder = out or Path(name)
    if folder.exists():
        raise UsageError(f"'{folder}' exists already", hint="choose another name or --out")
    skeletons = files("scenario_runner.app").joinpath("skeletons", "library")
    written = []
    for file in _LIBRARY:
        path = folder / file
        text = skeletons.joinpath(*file.split("/")).read_text("utf-8").replace("@NAME@", name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise of_the_machine(f"cannot write '{path}'", error) from error
        written.append(path)
    return written


_LIBRARY = ("library.yaml", "steps/store_and_find.yaml", "scenarios/chest.yaml")
