"""Elements of a data set one after the other, whatever state they are in (PS3.5 chapter 7).

Bounded in number, in depth and in the bytes that are kept; what cannot be read ends in DamageError, and what reads on
is said as trouble.
"""

from __future__ import annotations

import struct
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.conformance.dicom_file import Trouble
from scenario_runner.conformance.elements import Element, Items, name_of
from scenario_runner.conformance.source import DamageError, Source
from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import attribute, vrs_of
from scenario_runner.dicom.element_heads import (
    DELIMITERS,
    HEADS,
    ITEM,
    ITEM_END,
    PIXEL_DATA,
    SEQUENCE_END,
    UNDEFINED,
)
from scenario_runner.dicom.part10 import guessed_syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ELEMENTS = 250_000
MAX_DEPTH = 32
MAX_KEPT = 1 << 26
"""Bytes of values that are kept to be judged, pixel data and other large values not counted."""
MAX_TROUBLE = 1000
ALL = 1 << 32
"""Above every tag."""
_KEPT_TEXT = 1 << 20
_KEPT_BYTES = 1 << 16
_PIECE = 1 << 17
"""Bytes that are looked at together."""
_SHORT_HEAD = HEADS[True].short
_SHORT = {vr.encode(): vr for vr in vrs.ALL if vr not in vrs.LONG}
"""VRs whose length has two bytes, as they lie in a file; no value of these is too large to be kept."""


class ElementReader:
    """Reads elements at positions and puts them into data sets."""

    def __init__(
        self,
        source: Source,
        trouble: list[Trouble],
        signs: list[tuple[Items, Element]] | None = None,
    ) -> None:
        """signs: see ``decide_signs``; of the reader that this one is in place of."""
        self._source, self._trouble = source, trouble
        self._signs: list[tuple[Items, Element]] = [] if signs is None else signs
        self.size = source.size
        self.implicit, self.little = False, True
        self._count = 0
        self._kept = 0

    def group(self, at: int) -> int:
        """Group of the element there, read as little endian."""
        return int.from_bytes(self._source.read(at, 2), "little")

    def tag(self, at: int) -> int:
        """Tag of the element there."""
        index = self._source.index(at, 4)
        group, number = HEADS[self.little].tag.unpack_from(self._source.window, index)
        return int(group << 16 | number)

    def is_over(self, at: int) -> bool:
        """Whether nothing but zero bytes follows, which is said: they are no element, and nobody misses one."""
        if any(self._source.read(at, min(4, self.size - at))):
            return False
        places = range(at, self.size, _PIECE)
        if any(any(self._source.read(place, min(_PIECE, self.size - place))) for place in places):
            return False
        zeros = amount(self.size - at, "zero byte")
        message = f"{zeros} after the data set, where padding is Data Set Trailing Padding"
        self._trouble.append(Trouble("zeros", None, message))
        return True

    def guessed_syntax(self, at: int) -> str:
        """The uncompressed transfer syntax that the element there looks like."""
        return guessed_syntax(self._source.read(at, min(6, self.size - at)), 0)

    def inflated(self, at: int) -> ElementReader:
        """A reader of what is deflated from there on."""
        return ElementReader(self._source.inflated(at), self._trouble, self._signs)

    def decide_signs(self) -> None:
        """Make SS of numbers that were written without a VR where pixels are signed (PS3.5 A.1).

        To be called at the end: Pixel Representation may stand after a sequence that holds such numbers.
        """
        for items, element in self._signs:
            if items.is_signed():
                element.vr = "SS"

    def element(self, into: Items, at: int, end: int, depth: int) -> int:
        """Read the element there into a data set. Returns where the next one begins."""
        self._one_more()
        tag, written, length, at = self._head(at, end)
        if tag >> 16 == DELIMITERS:
            raise DamageError("a delimiter where an element should be", into.path + name_of(tag))
        vr = written or _vr_of(tag)
        if written == "UN" and length != UNDEFINED:
            vr = _vr_of(tag) or "UN"  # unknown to whoever wrote it, not to us (PS3.5 6.2.2)
        element = Element(tag, vr, written, b"", None if length == UNDEFINED else length)
        if length == UNDEFINED:
            at = self._undefined(element, into, at, end, depth)
        else:
            if at + length > end:
                message = f"says it has {length} bytes, {end - at} are left"
                raise DamageError(message, into.path + name_of(tag), "truncated")
            if length & 1:
                message = f"has a length of {length} bytes, which is odd"
                self._say("even-length", into, tag, message)
            if written == "UN":
                with self._unknown():
                    self._content(element, into, at, length, depth)
            else:
                self._content(element, into, at, length, depth)
            at += length
        if vr == "US" and written != vr and "SS" in vrs_of(tag):
            self._signs.append((into, element))
        self._put(into, element)
        return at

    def short_ones(self, into: Items, at: int, end: int, until: int = ALL) -> int:
        """Read elements as nearly all are, at once, up to one that is not so or whose tag is ``until`` or above.

        Those are in order, of a VR whose length has two bytes, of even length, and wholly in the window. Returns where
        the first that is left to ``element`` begins.
        """
        if self.implicit or not self.little:
            return at
        elements = into.elements
        window, start = self._source.window, self._source.start
        left = len(window) - 8
        most, room = MAX_ELEMENTS - self._count, MAX_KEPT - self._kept
        last = next(reversed(elements)) if elements else 0
        while start <= at <= start + left and at + 8 <= end and most > 0:
            index = at - start + 8
            group, number, raw, length = _SHORT_HEAD.unpack_from(window, index - 8)
            tag = group << 16 | number
            vr = _SHORT.get(raw)
            after = index + length
            if (
                vr is None
                or length & 1
                or not last < tag < until
                or after - 8 > left
                or start + after > end
                or length > room
                or group == DELIMITERS
            ):
                break
            elements[tag] = Element(tag, vr, vr, window[index:after], length)
            last, at = tag, start + after
            most -= 1
            room -= length
        self._count, self._kept = MAX_ELEMENTS - most, MAX_KEPT - room
        return at

    def _content(self, element: Element, into: Items, at: int, length: int, depth: int) -> None:
        if element.vr == "SQ":
            self._sequence(element, into, at, at + length, depth, delimited=False)
        else:
            self._keep(element, into, at, length)

    def _keep(self, element: Element, into: Items, at: int, length: int) -> None:
        """Read a value unless it is large, or too much has been kept already."""
        if length > (_KEPT_BYTES if element.vr in vrs.BYTES else _KEPT_TEXT):
            element.kept = False
        elif self._kept + length > MAX_KEPT:
            element.kept = False
            if self._kept < MAX_KEPT:
                self._kept = MAX_KEPT
                message = (
                    f"and what comes later was not judged: over {MAX_KEPT >> 20} MiB of values"
                )
                self._say("unjudged", into, element.tag, message)
        else:
            self._kept += length
            element.value = self._value(element.vr, at, length)

    def _one_more(self) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            message = f"more than {MAX_ELEMENTS} elements, items and fragments"
            raise DamageError(message, rule="too-large")

    def _put(self, into: Items, element: Element) -> None:
        tag = element.tag
        if tag in into.elements:
            self._say("element-repeated", into, tag, "occurs more than once in one data set")
            return
        if into.elements and tag < next(reversed(into.elements)):
            self._say("element-order", into, tag, "comes after an element with a higher tag")
        into.elements[tag] = element

    def _say(self, rule: str, into: Items, tag: int, message: str) -> None:
        if len(self._trouble) < MAX_TROUBLE:
            self._trouble.append(Trouble(rule, into.path + name_of(tag), message))

    def _value(self, vr: str, at: int, length: int) -> bytes:
        value = self._source.read(at, length)
        return value if self.little else vrs.swapped(value, vr)

    def _head(self, at: int, end: int) -> tuple[int, str, int, int]:
        """Tag, written VR, length, where the value begins."""
        if at + 8 > end:
            raise DamageError("ends in the middle of an element", rule="truncated")
        source = self._source
        index = source.index(at, 8)
        heads = HEADS[self.little]
        if self.implicit:
            group, number, length = heads.plain.unpack_from(source.window, index)
            return group << 16 | number, "", length, at + 8
        group, number, raw, short = heads.short.unpack_from(source.window, index)
        tag = group << 16 | number
        if group == DELIMITERS:
            return tag, "", 0, at + 8
        vr = raw.decode("latin-1")
        if vr not in vrs.ALL:
            raise DamageError(f"{raw!r} is no Value Representation", name_of(tag))
        if vr not in vrs.LONG:
            return tag, vr, short, at + 8
        if at + 12 > end:
            raise DamageError("ends in the middle of an element", name_of(tag), "truncated")
        index = source.index(at + 8, 4)
        return tag, vr, heads.length.unpack_from(source.window, index)[0], at + 12

    def _undefined(self, element: Element, into: Items, at: int, end: int, depth: int) -> int:
        if element.tag == PIXEL_DATA:
            return self._fragments(element, into.path + name_of(PIXEL_DATA), at, end)
        if element.vr == "SQ" or (self.implicit and not element.vr):
            element.vr = "SQ"
            return self._sequence(element, into, at, end, depth, delimited=True)
        if element.vr == "UN":
            with self._unknown():
                return self._sequence(element, into, at, end, depth, delimited=True)
        message = f"VR {element.vr} cannot have an undefined length"
        raise DamageError(message, into.path + name_of(element.tag))

    @contextmanager
    def _unknown(self) -> Iterator[None]:
        """What has VR UN is in Implicit VR Little Endian, wherever it stands (PS3.5 6.2.2)."""
        before = self.implicit, self.little
        self.implicit, self.little = True, True
        try:
            yield
        finally:
            self.implicit, self.little = before

    def _sequence(
        self, element: Element, into: Items, at: int, end: int, depth: int, *, delimited: bool
    ) -> int:
        """Read items; ``end`` bounds them, a delimiter ends them when ``delimited`` (PS3.5 7.5)."""
        where = into.path + name_of(element.tag)
        if depth >= MAX_DEPTH:
            raise DamageError(
                f"sequences are nested more than {MAX_DEPTH} deep", where, "too-large"
            )
        element.items = []
        while at < end:
            tag, length, at = self._item_head(at, end, where)
            if tag == SEQUENCE_END and delimited:
                return at
            if tag != ITEM:
                raise DamageError("holds something that is not an item", where)
            item = Items(parent=into, sequence=element.tag, index=len(element.items))
            element.items.append(item)
            self._one_more()
            undefined = length == UNDEFINED
            inner = end if undefined else at + length
            if inner > end:
                raise DamageError("an item is longer than what it is in", where, "truncated")
            at = self._item(item, at, inner, depth + 1, undefined=undefined)
        if delimited:
            raise DamageError("has no sequence delimitation item", where, "truncated")
        return end

    def _item_head(self, at: int, end: int, where: str) -> tuple[int, int, int]:
        if at + 8 > end:
            raise DamageError("ends in the middle of an item", where, "truncated")
        index = self._source.index(at, 8)
        group, number, length = HEADS[self.little].plain.unpack_from(self._source.window, index)
        return group << 16 | number, length, at + 8

    def _item(self, item: Items, at: int, end: int, depth: int, *, undefined: bool) -> int:
        while at < end:
            if (at := self.short_ones(item, at, end)) >= end:
                break
            if undefined and self.tag(at) == ITEM_END:
                return at + 8
            at = self.element(item, at, end, depth)
        if undefined:
            raise DamageError("an item has no delimitation item", item.path[:-1], "truncated")
        return at

    def _fragments(self, element: Element, where: str, at: int, end: int) -> int:
        """Encapsulated pixel data: an offset table, then fragments (PS3.5 A.4)."""
        lengths: list[int] = []
        while True:
            tag, length, at = self._item_head(at, end, where)
            if tag == SEQUENCE_END:
                element.fragments = lengths[1:]
                return at
            if tag != ITEM or length == UNDEFINED:
                raise DamageError("holds something that is not a fragment", where)
            if at + length > end:
                raise DamageError("a fragment is longer than the file", where, "truncated")
            self._one_more()
            if not lengths:
                count = min(length // 4, MAX_ELEMENTS)
                element.offsets = list(
                    struct.unpack(f"<{count}L", self._source.read(at, 4 * count))
                )
            lengths.append(length)
            at += length


@lru_cache(maxsize=16384)
def _vr_of(tag: int) -> str:
    """The VR of an element that was written without; of a choice, one of the right size."""
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else ""  # a private creator, PS3.5 7.8.1
    known = attribute(tag)
    if known is None:
        return ""
    return "OW" if " or OW" in known.vr else known.vr.split(" or ", maxsplit=1)[0]
