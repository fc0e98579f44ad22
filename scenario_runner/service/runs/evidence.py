"""What a run has left so far: its files, and its events as they come."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.errors import NotThere

_AT_A_TIME: Final = 1 << 20
"""Bytes of a log that are read at a time; a line that is longer is read whole."""
_LONGEST_LINE: Final = 64 << 20
_MOST: Final = 5_000
"""Files that are listed."""


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A file by its path below the run folder."""

    path: str
    size: int


def files_of(folder: Path) -> list[EvidenceFile]:
    """The files of a run folder, the first thousands; none while there is no folder."""
    found: list[EvidenceFile] = []
    for path in _walk(folder):
        try:
            found.append(EvidenceFile(path.relative_to(folder).as_posix(), path.stat().st_size))
        except FileNotFoundError:
            continue  # a part that became the whole
        if len(found) == _MOST:
            break
    return found


def _walk(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(where, name)
            if not path.is_symlink():
                yield path


def file_of(folder: Path, path: str) -> Path:
    """One of them. Raises NotThere for whatever is not a file within the folder, however it is written."""
    try:
        found = (folder / path).resolve()
        is_ours = found.is_relative_to(folder.resolve()) and found.is_file()
    except (OSError, ValueError):  # a name that none can have
        is_ours = False
    if not is_ours:
        raise NotThere("file-not-found", f"the run has no file '{path[:200]}'")
    return found


def cut_line(log: Path, offset: int) -> bytes:
    """What stands behind the last whole line, which a killed run leaves. offset: of its beginning."""
    try:
        with log.open("rb") as stream:
            stream.seek(offset)
            return stream.readline(_LONGEST_LINE)
    except (OSError, OverflowError, ValueError):
        return b""


def lines_from(log: Path, offset: int) -> tuple[list[bytes], int]:
    """The whole lines from an offset on, as many as are read at a time, and where the next begins.

    offset: of the beginning of a line. A last line that is not whole yet is left for later.
    """
    try:
        with log.open("rb") as stream:
            stream.seek(offset)
            read = stream.read(_AT_A_TIME)
            if read and b"\n" not in read:
                read += stream.readline(_LONGEST_LINE)
    except (FileNotFoundError, OverflowError, ValueError):  # or beyond what any file has
        return [], offset
    end = read.rfind(b"\n") + 1
    return read[:end].splitlines(), offset + end
