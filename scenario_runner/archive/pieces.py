"""A file in pieces, for whoever takes in what may be larger than memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PIECE: Final = 1 << 20


def pieces_of(path: Path) -> Iterator[bytes]:
    """The content of a file, a MiB at a time. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
