"""The elements of a file before its pixels, reading no more of it than they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.elements import Elements, TruncatedError, read_header
from scenario_runner.dicom.part10 import read_meta

if TYPE_CHECKING:
    from pathlib import Path

_HEAD: Final = 1 << 16


def header_of(path: Path) -> tuple[Elements, str]:
    """The elements, and the transfer syntax UID. Raises DamagedDatasetError, OSError."""
    size = _HEAD
    while True:
        with path.open("rb") as file:
            head = file.read(size)
        try:
            meta = read_meta(head)
            elements = read_header(head[meta.data_offset :], meta.transfer_syntax_uid)
        except TruncatedError:
            if len(head) < size:
                raise
            size *= 8
        else:
            return elements, meta.transfer_syntax_uid
