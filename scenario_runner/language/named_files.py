"""Files that a scenario or a step list names: beside it, or from the top of its library."""

from __future__ import annotations

import glob
import os
from pathlib import Path

LIBRARY_FILE = "library.yaml"
"""What makes a folder a library."""
_DEEPEST = 8


def library_root(file: str | Path) -> Path | None:
    """The folder of the library that a file belongs to."""
    folder = Path(file).parent
    for _ in range(_DEEPEST):
        if (folder / LIBRARY_FILE).is_file():
            return folder
        if folder == folder.parent:
            break
        folder = folder.parent
    return None


def named_file(written_in: str, name: str) -> Path:
    """The path of a file, folder or pattern: beside the file it is written in, else in the library."""
    beside = Path(written_in).parent / name
    if _is_there(beside):
        return beside
    root = library_root(written_in)
    return root / name if root is not None and _is_there(root / name) else beside


def base_of(written_in: str, name: str) -> Path:
    """The folder from which a relative name or pattern is meant: that of the file it is written in, or the library."""
    return named_file(written_in, name).parents[len(Path(name).parts) - 1]


def _is_there(path: Path) -> bool:
    if any(character in str(path) for character in "*?["):
        return bool(glob.glob(str(path), recursive=True))  # noqa: PTH207 - the pattern is absolute
    return os.path.exists(path)  # noqa: PTH110 - false for what is no name
