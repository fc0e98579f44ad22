"""What a file that was written down says of itself, before it is stored."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from scenario_runner.archive.description import NamedDamageError, check_place, describe
from scenario_runner.archive.files import HEAD, Buffer, Files
from scenario_runner.archive.missing_pixels import missing_pixels
from scenario_runner.archive.outcomes import Arrived
from scenario_runner.dicom.element_heads import UNDEFINED
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    Elements,
    Head,
    TruncatedError,
    read_header,
)
from scenario_runner.dicom.part10 import FileMeta, file_meta, read_meta
from scenario_runner.dicom.pixel_places import read_trailer
from scenario_runner.dicom.syntaxes import DEFLATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_REMEMBERED: Final = 1 << 16
"""Bytes of a file in which File Meta Information and nearly all headers are."""
_IDENTITY: Final = ("SOPClassUID", "SOPInstanceUID")


def read_head(
    files: Files, file: str, *, beyond: bool = False, then: list[Head] | None = None
) -> tuple[Elements, tuple[str, ...]]:
    """The elements before the pixels of a file, and its character sets.

    beyond: those after the pixels as well, which takes the whole file to be read. then: gets the pixels' head.
    Raises DamagedDatasetError.
    """
    size = HEAD
    while True:
        meta, head, complete = files.head(file, size)
        try:
            elements = read_header(head, meta.transfer_syntax_uid, then)
            break
        except TruncatedError:
            if complete:
                raise
        size *= 8
    if beyond:
        elements |= read_trailer(files.open_data(file), meta.transfer_syntax_uid)
    return elements, character_sets(elements)


class Beginning:
    """Pieces passed on and counted, with the beginning remembered: a file need not be read to be understood."""

    def __init__(self, chunks: Iterable[Buffer]) -> None:
        self._chunks = chunks
        self.head = b""
        self.size = 0

    def __iter__(self) -> Iterator[Buffer]:
        for chunk in self._chunks:
            self.size += len(chunk)
            if len(self.head) < _REMEMBERED:
                self.head += chunk[: _REMEMBERED - len(self.head)]
            yield chunk

    def header(
        self, meta: FileMeta, then: list[Head] | None = None
    ) -> tuple[Elements, tuple[str, ...]] | None:
        """As ``read_head`` gives it; None where it goes on after what is remembered. Raises DamagedDatasetError."""
        try:
            elements = read_header(self.head[meta.data_offset :], meta.transfer_syntax_uid, then)
        except TruncatedError:
            if len(self.head) == self.size:
                raise
            return None
        return elements, character_sets(elements)


def understood(files: Files, written: Path, beginning: Beginning) -> Arrived:
    """The instance in a file that was written; one that File Meta Information names otherwise is written again.

    What the data set says counts, as with C-STORE, where there is no File Meta Information. Raises
    DamagedDatasetError for what is no DICOM file or lacks a UID that places it, which is a
    NamedDamageError where it says what it is.
    """
    meta = read_meta(beginning.head)
    named = (meta.sop_class_uid, meta.sop_instance_uid)
    then: list[Head] = []
    place = files.place(written)
    try:
        header, terms = beginning.header(meta, then) or read_head(files, place, then=then)
        attributes = describe(header)
        named = (
            attributes.get("SOPClassUID") or named[0],
            attributes.get("SOPInstanceUID") or named[1],
        )
        check_place(attributes)
    except DamagedDatasetError as error:
        if not named[1]:
            raise
        raise NamedDamageError(str(error), *named) from error
    size = beginning.size - meta.data_offset
    with files.reading_data(place, meta) as read:
        missing = missing_pixels(header, then, meta.transfer_syntax_uid, size, read)
    is_whole = _ends_with_pixels(then, meta.transfer_syntax_uid, size)
    arrived = Arrived(written, meta, attributes, "\\".join(terms), size, missing, is_whole)
    if (meta.sop_class_uid, meta.sop_instance_uid) == _identity(arrived):
        return arrived
    return _named_by_data_set(files, arrived)


def _ends_with_pixels(then: list[Head], transfer_syntax_uid: str, size: int) -> bool:
    """Whether the element after the header has a length that leads to the end of a data set of so many bytes."""
    if transfer_syntax_uid == DEFLATED or not then or then[0].length == UNDEFINED:
        return False
    return then[0].at + then[0].length == size


def _identity(arrived: Arrived) -> tuple[str, ...]:
    return tuple(arrived.attributes[one] for one in _IDENTITY)


def _named_by_data_set(files: Files, arrived: Arrived) -> Arrived:
    """The same instance in a file whose File Meta Information names it."""
    sop_class, instance = _identity(arrived)
    syntax = arrived.meta.transfer_syntax_uid
    head = file_meta(sop_class, instance, syntax)
    data = files.open_data(files.place(arrived.written))
    written = files.write([head, data])
    files.discard(arrived.written)
    meta = FileMeta(sop_class, instance, syntax, len(head))
    return dataclasses.replace(arrived, written=written, meta=meta)
