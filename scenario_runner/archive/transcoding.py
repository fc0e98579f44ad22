"""From one uncompressed transfer syntax to another, without touching a value's meaning (PS3.5 A).

A peer that takes only Explicit VR gets what was stored in Implicit VR, and the other way round; big
endian and deflated data sets can be given in little endian. Pixels are never compressed or
decompressed here.
"""

from __future__ import annotations

from typing import Final

from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.elements import (
    Element,
    Elements,
    inflate,
    read_elements,
    read_items,
    write_elements,
    write_items,
)
from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_LE,
    IMPLICIT_LE,
    NATIVE,
    PLAIN,
    encoding_of,
)
from scenario_runner.dicom.vrs import swapped

_PIXEL_REPRESENTATION: Final = 0x00280103


class TranscodingError(ValueError):
    """There is no way from the one transfer syntax to the other without touching pixels."""


def transcode(data: bytes, from_uid: str, to_uid: str) -> bytes:
    """The same data set in another transfer syntax, from one of NATIVE to one of PLAIN.

    Raises TranscodingError, and DamagedDatasetError when the data set cannot be read to its end.
    """
    if from_uid == to_uid:
        return data
    if from_uid not in NATIVE or to_uid not in PLAIN:
        raise TranscodingError(f"{from_uid} cannot be sent as {to_uid}")
    if from_uid == DEFLATED:
        data = inflate(data)
        if to_uid == EXPLICIT_LE:
            return data
    elements = read_elements(data, encoding_of(from_uid))
    return _written(elements, implicit=to_uid == IMPLICIT_LE, signed=is_signed(elements))


def is_signed(elements: Elements) -> bool:
    """Whether pixels, and values that go with them, are signed (Pixel Representation)."""
    element = elements.get(_PIXEL_REPRESENTATION)
    return element is not None and b"\1" in element.value


def _written(elements: Elements, *, implicit: bool, signed: bool) -> bytes:
    encoded: Elements = {}
    for tag, element in elements.items():
        vr = vr_to_write(tag, element.vr, signed=signed)
        if vr == "SQ":
            value = write_items(
                _written(item, implicit=implicit, signed=signed) for item in read_items(element)
            )
        else:
            value = in_little_endian(element, vr)
        encoded[tag] = Element(vr, value, element.encoding)
    return write_elements(encoded, implicit=implicit)


def in_little_endian(element: Element, vr: str = "") -> bytes:
    """The value of an element in Little Endian. vr: what it is, if that is not written there."""
    return element.value if element.encoding.little else swapped(element.value, vr or element.vr)


def vr_to_write(tag: int, written: str, *, signed: bool) -> str:
    """The VR of an element in an encoding that says it. signed: by Pixel Representation."""
    return written or vr_of(tag, signed=signed)
