"""What outlives a power cut: a file that was made or renamed does once the disk has its folder, too."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_folder(folder: Path | str) -> None:
    """Wait until the disk has the names in a folder. Raises OSError. Windows cannot open a folder and needs no such thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(file: Path) -> None:
    """Wait until the disk has what is in a file. Raises OSError."""
    with file.open("rb+") as one:
        os.fsync(one.fileno())
