"""Writing a file whole or not at all, and reading one without trusting its path."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from scenario_runner.errors import of_the_machine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_atomically(path: Path, chunks: Iterable[bytes]) -> None:
    """Write chunks to path: the old file or the new one, never half of one.

    Raises MachineError when the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        temporary.replace(path)
    except OSError as error:
        raise of_the_machine(f"cannot write '{path}'", error) from error
    finally:
        # A disk that is read-only now refuses to remove what is not there, too: the error above says more.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def is_unfinished(path: Path) -> bool:
    """Whether a file is what a killed ``write_atomically`` left behind."""
    return path.name.startswith(".") and path.suffix == ".part"


def inside(folder: Path, relative: str) -> Path | None:
    """The file that relative names, or None when it is not a file within folder.

    The path comes from an event log that may have been edited, so ``..``, absolute paths and links
    that lead out of the folder are not followed.
    """
    root = folder.resolve()
    try:
        path = (root / relative).resolve()
        found = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):
        return None
    return path if found else None
