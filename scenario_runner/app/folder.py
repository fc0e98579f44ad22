"""The run folder: made new, never overwritten, with the inputs as they were read."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from scenario_runner.errors import MachineError, UsageError, of_the_machine
from scenario_runner.language.document import Document

OURS = (
    "plan.json",
    "request.json",
    "earlier.ndjson",
    "carried.ndjson",
    "targets.json",
    "previous.json",
)
"""What lies in ``inputs/`` beside the sources."""


def new_run_id(now: dt.datetime) -> str:
    """``20260131T093000Z-3f2a``: sorts by time, unique among runs that start together."""
    return f"{now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"


@contextmanager
def made_run_folder(out: Path | None, run_id: str) -> Iterator[Path]:
    """Make the folder of a run: ``out``, or ``runs/<run_id>``; an empty one is taken as it is.

    It is taken away again when what is done within fails, for then there is no run. Raises UsageError
    when something is there already, MachineError when it cannot be made.
    """
    folder = out if out is not None else Path("runs") / run_id
    try:
        if folder.exists() and not folder.is_dir():
            raise UsageError(
                f"--out '{folder}' is a file", hint="give a folder that is not there yet"
            )
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(
                f"--out '{folder}' is not empty; a run is never overwritten",
                hint="give a folder that is not there yet",
            )
    except OSError as error:
        raise _cannot_make(folder, error) from error
    with gone_unless_begun(folder):
        try:
            for part in ("inputs", "evidence"):
                (folder / part).mkdir(parents=True)
        except OSError as error:
            raise _cannot_make(folder, error) from error
        yield folder


def _cannot_make(folder: Path, error: OSError) -> MachineError:
    return of_the_machine(
        f"cannot make the run folder '{folder}'", error, hint="choose another place with --out"
    )


@contextmanager
def gone_unless_begun(folder: Path) -> Iterator[None]:
    """Take the folder of a run away again when what is done within fails, for then there is no run."""
    try:
        yield
    except BaseException:
        for part in ("inputs", "evidence"):
            shutil.rmtree(folder / part, ignore_errors=True)
        with suppress(OSError):
            (folder / "events.ndjson").unlink(missing_ok=True)
            folder.rmdir()  # unless somebody has put something beside
        raise


def keep_inputs(folder: Path, documents: Iterable[Document]) -> list[tuple[str, str]]:
    """Copy sources into ``inputs/`` as they were read; returns each one's name then and there."""
    names = []
    taken: set[str] = set(OURS)
    for document in documents:
        name = base = Path(document.file).name
        number = 1
        while name.lower() in taken:
            number += 1
            name = f"{number}-{base}"
        taken.add(name.lower())
        write_text(folder / "inputs" / name, document.text)
        names.append((document.file, name))
    return names


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 as it stands. Raises MachineError."""
    write_with(path, lambda stream: stream.write(text))


def write_with(path: Path, write: Callable[[TextIO], object]) -> None:
    """Let a function write to a new UTF-8 file. Raises MachineError."""
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            write(stream)
    except OSError as error:
        raise of_the_machine(f"cannot write '{path}'", error) from error
