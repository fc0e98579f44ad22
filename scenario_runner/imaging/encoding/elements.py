"""Single data elements and data sets as bytes (PS3.5 7.1), pydicom doing the work."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element

from scenario_runner.dicom import vrs
from scenario_runner.dicom.datasets import character_sets, encoded_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.dicom.syntaxes import Encoding


def element_header(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Tag, VR and length of an element. Raises ValueError when too long for its VR."""
    group, element, order = tag >> 16, tag & 0xFFFF, encoding.order
    if encoding.implicit:
        return struct.pack(order + "HHI", group, element, length)
    if vr in vrs.LONG:
        return struct.pack(order + "HH2sHI", group, element, vr.encode("ascii"), 0, length)
    if length > 0xFFFE:
        raise ValueError(f"a value of VR {vr} is limited to 65534 bytes, this one has {length}")
    return struct.pack(order + "HH2sH", group, element, vr.encode("ascii"), length)


def encode_dataset(dataset: Dataset, encoding: Encoding, terms: Sequence[str]) -> bytes:
    """All elements in ascending order, explicit-length sequences, without preamble or group 0002.

    terms: defined terms of the character sets. Raw elements go in as they are, which pydicom's own
    ``write_dataset`` would not do. Values of bytes are little endian, and swapped where needed.
    """
    parts: list[bytes] = []
    for tag in sorted(dataset.keys()):
        element = dataset.get_item(tag)
        if element.is_raw:
            value = bytes(element.value or b"")
            parts += [element_header(tag, str(element.VR), len(value), encoding), value]
        elif element.VR == "SQ":
            items = b"".join(_item(item, encoding, terms) for item in element.value)
            parts += [element_header(tag, "SQ", len(items), encoding), items]
        else:
            parts.append(_plain(element, encoding, terms))
    return b"".join(parts)


def _item(dataset: Dataset, encoding: Encoding, terms: Sequence[str]) -> bytes:
    encoded = encode_dataset(dataset, encoding, character_sets(dataset) or terms)
    return struct.pack(encoding.order + "HHI", 0xFFFE, 0xE000, len(encoded)) + encoded


def _plain(element: DataElement, encoding: Encoding, terms: Sequence[str]) -> bytes:
    vr = str(element.VR)
    if vr in vrs.CHARACTER_SET:
        value = vrs.pad(encoded_text(element.value, vr, terms), vr)
        return element_header(int(element.tag), vr, len(value), encoding) + value
    if not encoding.little and isinstance(element.value, bytes):
        # pydicom writes such values as they are, whatever the byte order.
        element = DataElement(
            element.tag, element.VR, vrs.swapped(element.value, element.VR), validation_mode=IGNORE
        )
    stream = DicomBytesIO()
    stream.is_implicit_VR = encoding.implicit
    stream.is_little_endian = encoding.little
    write_data_element(stream, element, ["ISO_IR 6"])
    return stream.getvalue()


class ElementEncoder:
    """Encodes one attribute again and again, with a new value each time.

    Common VRs are encoded here, for that is what makes an image cheap; anything else goes through
    pydicom. Both give the same bytes; a test holds them together.
    """

    def __init__(self, tag: int, vr: str, encoding: Encoding, terms: Sequence[str]) -> None:
        self.tag, self.vr = tag, vr
        self._encoding = encoding
        self._terms = terms
        self._pad = b"\0" if vr == "UI" else b" "
        order = encoding.order
        tag_bytes = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
        if encoding.implicit:
            self._prefix, self._length = tag_bytes, struct.Struct(order + "I")
        elif vr in vrs.LONG:
            self._prefix, self._length = (
                tag_bytes + vr.encode() + b"\0\0",
                struct.Struct(order + "I"),
            )
        else:
            self._prefix, self._length = tag_bytes + vr.encode(), struct.Struct(order + "H")

    def __call__(self, value: Any) -> bytes:
        """The whole element. value: as pydicom takes it, text or a list of texts for string VRs."""
        if self.vr == "SQ":
            items = b"".join(_item(item, self._encoding, self._terms) for item in value)
            return self._prefix + self._length.pack(len(items)) + items
        raw = self._value(value)
        if raw is None:
            # Planning has judged it, or it is wrong on purpose.
            element = DataElement(self.tag, self.vr, value, validation_mode=IGNORE)
            return _plain(element, self._encoding, self._terms)
        if len(raw) & 1:
            raw += self._pad
        return self._prefix + self._length.pack(len(raw)) + raw

    def _value(self, value: Any) -> bytes | None:
        """The unpadded value, or None when pydicom has to encode it."""
        if type(value) is bytes:
            return value
        if self.vr in vrs.ASCII:
            if type(value) is list:
                value = "\\".join(map(str, value))
            return str(value).encode("ascii")
        if self.vr in vrs.STRUCT_CODES:
            code = vrs.STRUCT_CODES[self.vr]
            if type(value) is list:
                return struct.pack(f"{self._encoding.order}{len(value)}{code}", *value)
            return struct.pack(self._encoding.order + code, value)
        if self.vr in vrs.CHARACTER_SET:
            return encoded_text(value, self.vr, self._terms)
        return None
