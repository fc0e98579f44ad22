"""An encoded instance taken apart into elements, to be broken and put together again.

A library that writes DICOM does what it can to write it right, so the bytes are handled here: tag,
VR, length and value of each element of the data set and of the file meta information (PS3.5 7.1).
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.dicom import vrs
from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.element_heads import UNDEFINED
from scenario_runner.dicom.element_writing import EXPLICIT, head
from scenario_runner.dicom.elements import HeadReader, deflate, inflate
from scenario_runner.dicom.syntaxes import DEFLATED, Encoding, encoding_of
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance


@dataclass(slots=True)
class RawElement:
    """One element. value: as encoded, with its padding; of undefined length up to its delimiter.

    length: what the header says where that is not the length of the value.
    """

    tag: int
    vr: str
    value: bytes
    length: int | None = None

    def encoded(self, encoding: Encoding = EXPLICIT) -> bytes:
        """Head and value."""
        length = len(self.value) if self.length is None else self.length
        return head(self.tag, self.vr, length, encoding) + self.value


@dataclass(slots=True)
class RawObject:
    """A file that can be made wrong. The group length follows from ``meta`` unless it is given."""

    transfer_syntax: str
    elements: list[RawElement]
    meta: list[RawElement]
    preamble: bytes = bytes(128) + b"DICM"
    meta_length: int | None = None
    cut: int = 0
    """Bytes to leave off at the end."""

    @property
    def encoding(self) -> Encoding:
        """How its elements are written."""
        return encoding_of(self.transfer_syntax)

    def get(self, keyword: str) -> RawElement | None:
        """The first element of that keyword."""
        tag, _ = _described(keyword)
        return next((element for element in self.elements if element.tag == tag), None)

    def text(self, keyword: str) -> str:
        """A value without padding, read as Latin-1; empty when there is none."""
        element = self.get(keyword)
        return element.value.decode("latin-1").strip(" \0") if element else ""

    def number(self, keyword: str) -> int | None:
        """The first value of a US, SS, UL or SL attribute."""
        element = self.get(keyword)
        _, vr = _described(keyword)
        if element is None or vr not in vrs.STRUCT_CODES:
            return None
        code = vrs.STRUCT_CODES[element.vr if element.vr in vrs.STRUCT_CODES else vr]
        size = struct.calcsize(code)
        if len(element.value) < size:
            return None
        return int(struct.unpack_from(self.encoding.order + code, element.value)[0])

    def put(self, keyword: str, value: str | bytes | int, vr: str = "") -> RawElement:
        """Set an attribute, by default with the VR of the dictionary; padded to an even length.

        value: of text VRs a text, written as ASCII, or bytes; of number VRs one number.
        """
        tag, usual = _described(keyword)
        return self.put_tag(tag, vr or usual, value)

    def put_tag(self, tag: int, vr: str, value: str | bytes | int) -> RawElement:
        """The same for an attribute that has no keyword."""
        if isinstance(value, int):
            data = struct.pack(self.encoding.order + vrs.STRUCT_CODES[vr], value)
        else:
            data = value.encode("ascii") if isinstance(value, str) else value
        made = RawElement(tag, vr, vrs.pad(data, vr))
        at = bisect_left(self.elements, tag, key=lambda element: element.tag)
        if at < len(self.elements) and self.elements[at].tag == tag:
            self.elements[at] = made
        else:
            self.elements.insert(at, made)
        return made

    def remove(self, keyword: str) -> bool:
        """Leave an attribute out. Returns whether it was there."""
        tag, _ = _described(keyword)
        before = len(self.elements)
        self.elements = [element for element in self.elements if element.tag != tag]
        return len(self.elements) < before

    def meta_element(self, number: int) -> RawElement:
        """An element of group 0002 that every file has."""
        return next(element for element in self.meta if element.tag == 0x00020000 | number)

    def instance(self, clean: Instance) -> Instance:
        """The instance in the state it has now; clean: what it was made from."""
        data = b"".join(element.encoded(self.encoding) for element in self.elements)
        if self.transfer_syntax == DEFLATED:
            data = deflate([data])
        if self.cut:
            data = data[: -self.cut]
        return replace(clean, meta=self._meta(), buffers=[data], clean=clean)

    def _meta(self) -> bytes:
        group = b"".join(element.encoded() for element in self.meta)
        length = len(group) if self.meta_length is None else self.meta_length
        first = RawElement(0x00020000, "UL", struct.pack("<L", length))
        return self.preamble + first.encoded() + group


def taken_apart(instance: Instance) -> RawObject:
    """The elements of an instance, which is one of ours and so well-formed."""
    syntax = instance.transfer_syntax_uid
    data = b"".join(instance.buffers)
    if syntax == DEFLATED:
        data = inflate(data)
    raw = RawObject(syntax, [], [])
    raw.elements = list(_elements(data, encoding_of(syntax)))
    raw.meta = list(_elements(instance.meta[132:], Encoding()))[1:]
    return raw


def _elements(data: bytes, encoding: Encoding) -> list[RawElement]:
    found: list[RawElement] = []
    reader = HeadReader(data, encoding)
    at = 0
    while at < len(data):
        tag, vr, length, begins = reader.head(at)
        at = reader.value_end(begins, vr, length, 1)
        undefined = UNDEFINED if length == UNDEFINED else None
        found.append(RawElement(tag, vr, data[begins:at], undefined))
    return found


def _described(keyword: str) -> tuple[int, str]:
    """Tag and VR of an attribute; of two possible VRs the first."""
    tag = tag_of(keyword)
    return tag, vr_of(tag)
