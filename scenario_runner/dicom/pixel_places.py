"""Where the pixels of an encoded data set lie, and the elements before and after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.dicom.element_heads import UNDEFINED
from scenario_runner.dicom.elements import (
    DELIMITER,
    PIXEL_TAGS,
    PIXELS_BEGIN,
    Elements,
    Head,
    HeadReader,
    TruncatedError,
    inflate,
    read_elements,
)
from scenario_runner.dicom.syntaxes import DEFLATED, encoding_of

if TYPE_CHECKING:
    from mmap import mmap


class Span(NamedTuple):
    """Where a value lies: from ``start`` to ``end``, a final delimiter not counted.

    encapsulated: whether its length is undefined, as that of compressed pixels (PS3.5 A.4).
    """

    tag: int
    vr: str
    start: int
    end: int
    encapsulated: bool


def read_stored(
    data: bytes | mmap, transfer_syntax_uid: str, offset: int, reading: type[HeadReader]
) -> tuple[Elements, Span | None]:
    """The elements before the pixels, and where those lie, in one go: of a data set that is not deflated.

    Its arguments, and what is raised: as of ``find_pixels``.
    """
    then: list[Head] = []
    encoding = encoding_of(transfer_syntax_uid)
    header = read_elements(data, encoding, offset=offset, stop=PIXELS_BEGIN, then=then)
    if then and then[0].tag in PIXEL_TAGS and then[0].length != UNDEFINED:
        tag, vr, length, at = then[0]
        if at + length <= len(data):
            return header, Span(tag, vr, at, at + length, encapsulated=False)
    return header, find_pixels(data, transfer_syntax_uid, offset, reading)


def find_pixels(
    data: bytes | mmap,
    transfer_syntax_uid: str,
    offset: int = 0,
    reading: type[HeadReader] | None = None,
) -> Span | None:
    """Where the pixels lie in a data set, whole or from ``offset`` of a file; nothing is copied.

    reading: what reads heads instead of a HeadReader. Raises DamagedDatasetError; a deflated data set has to be inflated before.
    """
    reader = (reading or HeadReader)(data, encoding_of(transfer_syntax_uid))
    at = offset
    while at < len(data) and not reader.is_over(at):
        tag, vr, length, at = reader.head(at)
        end = reader.value_end(at, vr, length, 1)
        if end > len(data):
            raise TruncatedError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is longer than the data")
        if tag in PIXEL_TAGS:
            encapsulated = length == UNDEFINED
            return Span(tag, vr, at, end - 8 if encapsulated else end, encapsulated)
        at = end
    return None


def read_trailer(data: bytes, transfer_syntax_uid: str) -> Elements:
    """Every top-level element after the pixels of a whole data set; none when it has no pixels."""
    if transfer_syntax_uid == DEFLATED:
        data = inflate(data)
    span = find_pixels(data, transfer_syntax_uid)
    if span is None:
        found = read_elements(data, encoding_of(transfer_syntax_uid))
        return {tag: element for tag, element in found.items() if tag >= PIXELS_BEGIN}
    after = span.end + DELIMITER if span.encapsulated else span.end
    return read_elements(data[after:], encoding_of(transfer_syntax_uid))
