"""A DICOM file as elements, whatever state it is in (PS3.10 7.1, PS3.5 chapter 7).

Bounded as its elements are (``element_reader``); what cannot be read is said as trouble, and whatever came before it is
still judged.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, BinaryIO

from scenario_runner.conformance.dicom_file import DicomFile, Trouble
from scenario_runner.conformance.element_reader import ALL, ElementReader
from scenario_runner.conformance.elements import text_of
from scenario_runner.conformance.source import DamageError, Source
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.dicom.syntaxes import DEFLATED, EXPLICIT_BE

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 17
"""Bytes in which File Meta Information begins, if it is there."""
_BEHIND_META = 0x00030000


def read_file(path: Path, *, until: int = ALL) -> DicomFile:
    """Read a file, see ``read_stream``.

    Raises OSError only, also for what is no regular file: a pipe would be waited for.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    with path.open("rb") as stream:
        return read_stream(stream, until=until)


def read_stream(stream: BinaryIO, *, until: int = ALL) -> DicomFile:
    """Read a file from a stream that can seek, up to the first tag that is ``until`` or above."""
    found = DicomFile()
    size = stream.seek(0, 2)
    stream.seek(0)
    if size == 0:
        found.trouble.append(Trouble("not-dicom", None, "the file is empty"))
        return found
    begins = _where_it_begins(found, stream)
    if begins is None:
        return found
    reader = ElementReader(Source(stream, size), found.trouble)
    try:
        at = _read_meta(found, reader, begins, size)
        _read_data(found, reader, at, size, until)
    except DamageError as error:
        found.trouble.append(Trouble(error.rule, error.attribute, str(error)))
    reader.decide_signs()
    return found


def _where_it_begins(found: DicomFile, stream: BinaryIO) -> int | None:
    """Where File Meta Information or a data set begins; None when neither is there."""
    head = stream.read(_HEAD)
    if head[128:132] == b"DICM":
        return 132
    try:
        read_meta(head)
    except DamagedDatasetError as error:
        found.trouble.append(Trouble("not-dicom", None, str(error)))
        return None
    message = "no DICM after a preamble of 128 bytes; read as a data set alone"
    found.trouble.append(Trouble("no-preamble", None, message))
    return 0


def _read_meta(found: DicomFile, reader: ElementReader, at: int, size: int) -> int:
    begins = at
    while at < size and reader.group(at) == 2:
        at = reader.element(found.meta, at, size, depth=0)
        if 0x00020000 in found.meta.elements and len(found.meta.elements) == 1:
            begins = at
        at = reader.short_ones(found.meta, at, size, _BEHIND_META)
    found.meta_length = at - begins
    syntax = found.meta.get("TransferSyntaxUID")
    found.transfer_syntax = text_of(syntax) if syntax else ""
    return at


def _read_data(found: DicomFile, reader: ElementReader, at: int, size: int, until: int) -> None:
    if not found.transfer_syntax and at < size:
        found.transfer_syntax = reader.guessed_syntax(at)
    if found.transfer_syntax == DEFLATED:
        reader, at = reader.inflated(at), 0
        size = reader.size
    reader.implicit = found.implicit
    reader.little = found.transfer_syntax != EXPLICIT_BE
    found.readable = True
    while at < size:
        at = reader.short_ones(found.data, at, size, until)
        if at >= size or reader.is_over(at):
            break
        if until < ALL and reader.tag(at) >= until:
            return
        at = reader.element(found.data, at, size, depth=0)
    found.whole = True
