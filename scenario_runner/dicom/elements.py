"""Data elements as they lie in an encoded data set: found, not decoded.

An archive has to know some forty attributes of an instance it takes in and must not touch the rest.
This module walks the top level of an encoded data set (PS3.5 7.1), keeps each value as the bytes it
came as, and stops before the pixels. Sequences are walked over, not into, until somebody asks.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.dicom import element_writing, vrs
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.element_heads import (
    DELIMITERS,
    HEADS,
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
)
from scenario_runner.dicom.syntaxes import DEFLATED, Encoding, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from mmap import mmap

PIXELS_BEGIN: Final = 0x7FE00008
"""Float Pixel Data, the first element of the group that holds pixels."""
PIXEL_TAGS: Final = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
DELIMITER: Final = 8
"""Bytes of the delimiter that ends a value of undefined length."""
_PIXEL_REPRESENTATION: Final = 0x00280103
_BEYOND_ALL: Final = 1 << 32
_DEEPEST: Final = 64
_SHORT: Final = {vr.encode(): vr for vr in vrs.ALL - vrs.LONG}
"""Value Representations whose length has two bytes, as they are written."""
MOST_INFLATED: Final = 1 << 29
"""Bytes of an inflated data set that are worked with; a few kilobytes can say as much."""
_INFLATED_AT_FIRST: Final = 1 << 18


class DamagedDatasetError(ValueError):
    """The bytes are not a data set in the transfer syntax they are said to be in."""


class TruncatedError(DamagedDatasetError):
    """The bytes end before the data set does."""


class InflatesTooLargeError(DamagedDatasetError):
    """There may be nothing wrong with the bytes, but what they inflate to is more than is worked with."""

    def __init__(self) -> None:
        super().__init__(f"more than {MOST_INFLATED >> 20} MiB when inflated")


class Element(NamedTuple):
    """One data element. value: its bytes; of a sequence, its items without a final delimiter.

    vr: as written, in Implicit VR only of a sequence of undefined length, else empty. encoding: how the value is encoded.
    """

    vr: str
    value: bytes
    encoding: Encoding


_ELEMENT: Final[Callable[[tuple[str, bytes, Encoding]], Element]] = partial(tuple.__new__, Element)
"""The same in half the time: one is made of every element of everything that is stored."""
Elements = dict[int, Element]
"""Tag to element, for one data set or one item."""


class Head(NamedTuple):
    """What stands before a value. at: where the value begins; of a deflated data set, in what is inflated."""

    tag: int
    vr: str
    length: int
    at: int


def read_header(data: bytes, transfer_syntax_uid: str, then: list[Head] | None = None) -> Elements:
    """Every top-level element before the pixels. data: at least that much of a data set.

    then: gets the head that follows, where there is one and it is there whole. Raises TruncatedError when data
    ends within an element, DamagedDatasetError when it is none at all.
    """
    return read_until(data, transfer_syntax_uid, PIXELS_BEGIN, then)


def read_until(
    data: bytes, transfer_syntax_uid: str, stop: int = _BEYOND_ALL, then: list[Head] | None = None
) -> Elements:
    """Every top-level element below the tag ``stop``; what is deflated is inflated no further than that.

    then, and what is raised: as of ``read_header``.
    """
    encoding = encoding_of(transfer_syntax_uid)
    if transfer_syntax_uid != DEFLATED:
        return read_elements(data, encoding, stop=stop, then=then)
    most = _INFLATED_AT_FIRST
    while True:
        inflated, more = _inflated(data, most)
        try:
            return read_elements(inflated, encoding, stop=stop, then=then)
        except TruncatedError:
            if not more or most >= MOST_INFLATED:
                raise
            most *= 4


def read_elements(
    data: bytes | mmap,
    encoding: Encoding,
    *,
    offset: int = 0,
    stop: int = _BEYOND_ALL,
    then: list[Head] | None = None,
) -> Elements:
    """All elements of an encoded data set up to the first whose tag is ``stop`` or above, whose head ``then`` gets.

    data: as a whole, or from ``offset`` of a file.
    """
    found: Elements = {}
    end, at = len(data), offset
    reader = HeadReader(data, encoding)
    while at < end and not reader.is_over(at):
        tag, vr, length, at = reader.head(at)
        if tag >= stop:
            if then is not None:
                then.append(Head(tag, vr, length, at))
            break
        # What was not known when it was written is in Implicit VR Little Endian, in whatever transfer
        # syntax, and a sequence if its length is undefined (PS3.5 6.2.2).
        inner = Encoding(implicit=True) if vr == "UN" else encoding
        if length == UNDEFINED:
            after = HeadReader(data, inner).sequence_end(at, 1)
            value = data[at : after - 8]
            # So is whatever else has it, but pixels, where no VR is written.
            vr = "SQ" if vr == "UN" or (not vr and tag not in PIXEL_TAGS) else vr
            at = after
        else:
            if at + length > end:
                raise TruncatedError(
                    f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is longer than the data"
                )
            value = data[at : at + length]
            at += length
        found[tag] = _ELEMENT((vr, value, inner))
    return found


def inflate(data: bytes | memoryview) -> bytes:
    """A deflated data set as Explicit VR Little Endian (PS3.5 A.5): all of it, or an error.

    Raises TruncatedError when the data ends too early, DamagedDatasetError for what is not deflated
    or has more than MOST_INFLATED bytes.
    """
    inflated, more = _inflated(data, MOST_INFLATED)
    if more:
        raise InflatesTooLargeError
    return inflated


def deflate(buffers: Iterable[bytes | bytearray | memoryview]) -> bytes:
    """A data set in Explicit VR Little Endian as a raw RFC 1951 stream of even length (PS3.5 A.5)."""
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = b"".join([*map(squeeze.compress, buffers), squeeze.flush()])
    return deflated + b"\0" * (len(deflated) % 2)


def inflate_header(data: bytes | memoryview) -> bytes:
    """The beginning of a deflated data set, with all that stands before the pixels. Raises as ``inflate``.

    Where that cannot be read it is the whole.
    """
    most = _INFLATED_AT_FIRST
    while True:
        inflated, more = _inflated(data, most)
        if not more:
            return inflated
        try:
            read_elements(inflated, encoding_of(DEFLATED), stop=PIXELS_BEGIN)
        except TruncatedError:
            most *= 4
        except DamagedDatasetError:
            return inflate(data)
        else:
            return inflated


def _inflated(data: bytes | memoryview, most: int) -> tuple[bytes, bool]:
    """Up to so many bytes of what was deflated, and whether there are more."""
    most = min(most, MOST_INFLATED)
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, most + 1)
    except zlib.error as error:
        raise DamagedDatasetError(f"the deflated data set cannot be inflated: {error}") from error
    if len(inflated) > most:
        return inflated[:most], True
    if not inflater.eof and most == MOST_INFLATED:
        raise TruncatedError("the deflated data set ends too early")
    return inflated, False


def read_items(element: Element) -> list[Elements]:
    """The items of a sequence (PS3.5 7.5). Raises DamagedDatasetError when they are not items."""
    data, encoding = element.value, element.encoding
    reader = HeadReader(data, encoding)
    items: list[Elements] = []
    at = 0
    while at < len(data):
        tag, length = reader.item_head(at)
        at += 8
        if tag != ITEM:
            raise DamagedDatasetError("a sequence holds something that is not an item")
        after = reader.item_end(at, 1) if length == UNDEFINED else at + length
        if after > len(data):
            raise TruncatedError("an item is longer than its sequence")
        inside = data[at : after - 8] if length == UNDEFINED else data[at:after]
        items.append(read_elements(inside, encoding))
        at = after
    return items


def check_sequences(elements: Elements) -> None:
    """Whatever is a sequence by its VR, or by the dictionary where none is written, holds items, at every depth.

    Raises DamagedDatasetError where one does not.
    """
    for tag, element in elements.items():
        if (element.vr or vr_of(tag)) == "SQ":
            for item in read_items(element):
                check_sequences(item)


def is_signed(elements: Elements, around: bool = False) -> bool:
    """Whether pixels, and values that go with them, are signed (Pixel Representation).

    around: what holds in the data set around an item, for one that does not say; an icon may.
    """
    element = elements.get(_PIXEL_REPRESENTATION)
    return around if element is None or not element.value else b"\1" in element.value


def in_little_endian(element: Element, vr: str = "") -> bytes:
    """The value of an element in Little Endian. vr: what it is, if that is not written there."""
    return (
        element.value if element.encoding.little else vrs.swapped(element.value, vr or element.vr)
    )


def write_elements(elements: Mapping[int, Element], *, implicit: bool) -> bytes:
    """Encode in Little Endian. Values are taken as they are; every element needs its VR."""
    encoding = Encoding(implicit)
    return b"".join(
        element_writing.element(tag, elements[tag].vr, elements[tag].value, encoding)
        for tag in sorted(elements)
    )


_ZEROS: Final = frozenset(bytes(count) for count in range(1, 5))
_PIECE: Final = 1 << 16


def only_zeros(data: bytes | mmap, at: int) -> bool:
    """Whether nothing but zero bytes follows from there on."""
    return not any(any(data[place : place + _PIECE]) for place in range(at, len(data), _PIECE))


class HeadReader:
    """Reads element heads and finds where undefined lengths end. Bounded in depth."""

    def __init__(self, data: bytes | mmap, encoding: Encoding) -> None:
        parts = HEADS[encoding.little]
        self._data = data
        self._implicit = encoding.implicit
        self._tag_length = parts.plain.unpack_from
        self._explicit = parts.short.unpack_from
        self._long = parts.length.unpack_from

    def is_over(self, at: int) -> bool:
        """Whether nothing but zero bytes follows: padding, though Data Set Trailing Padding is the element for it.

        No data set has an element of group 0 (PS3.5 7.1), so that nothing is in doubt.
        """
        return (
            self._data[at] == 0 and self._data[at : at + 4] in _ZEROS and only_zeros(self._data, at)
        )

    def head(self, at: int) -> tuple[int, str, int, int]:
        """Tag, VR, length and where the value begins."""
        try:
            if self._implicit:
                group, element, length = self._tag_length(self._data, at)
                return group << 16 | element, "", length, at + 8
            group, element, vr_bytes, length = self._explicit(self._data, at)
            known = _SHORT.get(vr_bytes)
            if known is not None and group != DELIMITERS:
                return group << 16 | element, known, length, at + 8
            if group == DELIMITERS:
                return group << 16 | element, "", self._long(self._data, at + 4)[0], at + 8
            vr = vr_bytes.decode("latin-1")
            if vr in vrs.LONG:
                return group << 16 | element, vr, self._long(self._data, at + 8)[0], at + 12
        except struct.error as error:
            raise TruncatedError("the data ends within the head of an element") from error
        if not ("AA" <= vr <= "ZZ" and vr.isalpha()):
            raise DamagedDatasetError(f"{vr_bytes!r} is no Value Representation")
        return group << 16 | element, vr, length, at + 8

    def item_head(self, at: int) -> tuple[int, int]:
        """Tag and length of an item or a delimiter."""
        try:
            group, element, length = self._tag_length(self._data, at)
        except struct.error as error:
            raise TruncatedError("the data ends within a sequence") from error
        return group << 16 | element, length

    def value_end(self, at: int, vr: str, length: int, depth: int) -> int:
        """Where the first byte after a value lies that begins at ``at``."""
        if length != UNDEFINED:
            return at + length
        if vr == "UN":
            # UN of undefined length is a sequence in Implicit VR Little Endian (PS3.5 6.2.2).
            return HeadReader(self._data, Encoding(implicit=True)).sequence_end(at, depth)
        return self.sequence_end(at, depth)

    def sequence_end(self, at: int, depth: int) -> int:
        """Where the first byte after a sequence of undefined length lies."""
        while True:
            tag, length = self.item_head(at)
            at += 8
            if tag == SEQUENCE_END:
                return at
            if tag != ITEM:
                raise DamagedDatasetError("a sequence holds something that is not an item")
            at = self.item_end(at, depth + 1) if length == UNDEFINED else at + length

    def item_end(self, at: int, depth: int) -> int:
        """Where the first byte after an item of undefined length lies."""
        if depth > _DEEPEST:
            raise DamagedDatasetError(f"sequences are nested more than {_DEEPEST} deep")
        while True:
            tag, vr, length, at = self.head(at)
            if tag == ITEM_END:
                return at
            at = self.value_end(at, vr, length, depth + 1)
