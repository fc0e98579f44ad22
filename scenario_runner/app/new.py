"""New scenario and site files to start from."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from scenario_runner.errors import MachineError, UsageError


def write_new(kind: str, name: str, out: Path | None = None) -> Path:
    """Write a file that validates as it is, and return where. kind: ``scenario`` or ``site``.

    Raises UsageError for a name the language does not allow or a file that exists already.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", name):
        raise UsageError(
            f"'{name}' cannot be the name of a {kind}", hint="use letters, digits, '_', '.' and '-'"
        )
    path = out or Path(f"{name}.yaml")
    skeleton = files("scenario_runner.app").joinpath("skeletons", f"{kind}.yaml")
    text = skeleton.read_text("utf-8").replace("@NAME@", name)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise UsageError(f"'{path}' exists already", hint="choose another name or --out") from error
    except OSError as error:
        raise MachineError(f"cannot write '{path}': {error.strerror or error}") from error
    return path


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
            raise MachineError(f"cannot write '{path}': {error.strerror or error}") from error
        written.append(path)
    return written


_LIBRARY = ("library.yaml", "steps/store_and_find.yaml", "scenarios/chest.yaml")
