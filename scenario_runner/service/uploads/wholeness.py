"""Whether a file ends where its last element ends: a transfer that broke off must not pass for an image."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Final

from scenario_runner.conformance.reader import read_file
from scenario_runner.dicom.elements import DamagedDatasetError, HeadReader, TruncatedError
from scenario_runner.dicom.syntaxes import DEFLATED, encoding_of

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.dicom.part10 import FileMeta


_HEAD: Final = 12
"""Bytes of the longest head of an element (PS3.5 7.1.2)."""


def check_whole(path: Path, meta: FileMeta, head: bytes = b"") -> None:
    """Walk from element to element to the end of a file, reading no value.

    head: how the file begins, as far as somebody knows it; most files need not be opened then. Raises TruncatedError
    where it ends within an element, DamagedDatasetError where there is none, OSError.
    """
    if meta.transfer_syntax_uid == DEFLATED:
        damage = read_file(path).damage
        if damage is not None:
            raise DamagedDatasetError(damage.message)
        return
    encoding, size = encoding_of(meta.transfer_syntax_uid), path.stat().st_size
    at = _walk(HeadReader(head, encoding), meta.data_offset, len(head) - _HEAD)
    if at < size:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = _to_the_end(HeadReader(data, encoding), at, data)
    if at > size:
        raise TruncatedError("the file ends within its last element: a part of it is missing")


def _walk(reader: HeadReader, at: int, end: int) -> int:
    """As far as heads of elements are known; within the first that is not."""
    while at <= end:
        try:
            _, vr, length, inside = reader.head(at)
            at = reader.value_end(inside, vr, length, 0)
        except TruncatedError:
            return at
    return at


def _to_the_end(reader: HeadReader, at: int, data: mmap.mmap) -> int:
    size = len(data)
    while at < size:
        if size - at < 8 and not any(data[at:]):
            return size  # padding of an odd writer
        _, vr, length, inside = reader.head(at)
        at = reader.value_end(inside, vr, length, 0)
    return at
