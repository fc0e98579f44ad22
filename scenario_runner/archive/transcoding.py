"""From one uncompressed transfer syntax to another, without touching a value's meaning (PS3.5 A).

A peer that takes only Explicit VR gets what was stored in Implicit VR, and the other way round; big
endian and deflated data sets can be given in little endian. Pixels are never compressed or
decompressed here.
"""

from __future__ import annotations

from typing import Final

from scenario_runner.archive.values import vr_of
from scenario_runner.dicom.elements import (
    DEFLATED_LITTLE,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Elements,
    encoding_of,
    inflate,
    read_elements,
    read_items,
    write_elements,
    write_items,
)

PLAIN: Final = frozenset((EXPLICIT_LITTLE, IMPLICIT_LITTLE))
"""What an uncompressed data set can be given in."""
NATIVE: Final = PLAIN | {EXPLICIT_BIG, DEFLATED_LITTLE}
"""What has native pixels, and so can be given in any of PLAIN."""
_WORDS: Final = {
    "US": 2, "SS": 2, "OW": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "OL": 4,
    "FD": 8, "OD": 8, "SV": 8, "UV": 8, "OV": 8,
}  # fmt: skip
"""Bytes that change places with the byte order (PS3.5 7.3)."""
_PIXEL_REPRESENTATION: Final = 0x00280103
_ALWAYS_OW: Final = frozenset((0x7FE00010, 0x54000110, 0x54000112, 0x54001010))
"""Pixel Data and waveform elements whose VR in Implicit VR is OW (PS3.5 A.1)."""


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
    if from_uid == DEFLATED_LITTLE:
        data = inflate(data)
        if to_uid == EXPLICIT_LITTLE:
            return data
    elements = read_elements(data, encoding_of(from_uid))
    return _written(elements, implicit=to_uid == IMPLICIT_LITTLE, signed=is_signed(elements))


def is_signed(elements: Elements) -> bool:
    """Whether pixels, and values that go with them, are signed (Pixel Representation)."""
    element = elements.get(_PIXEL_REPRESENTATION)
    return element is not None and b"\1" in element.value


def _written(elements: Elements, *, implicit: bool, signed: bool) -> bytes:
    encoded: Elements = {}
    for tag, element in elements.items():
        vr = vr_to_write(tag, element.vr, signed=signed)
        value = element.value
        if vr == "SQ":
            value = write_items(
                _written(item, implicit=implicit, signed=signed) for item in read_items(element)
            )
        elif not element.encoding.little:
            value = _swapped(value, _WORDS.get(vr, 1))
        encoded[tag] = Element(vr, value, element.encoding)
    return write_elements(encoded, implicit=implicit)


def _swapped(value: bytes, size: int) -> bytes:
    """Words of so many bytes in the other byte order; what is no whole number of words stays."""
    if size == 1 or len(value) % size:
        return value
    swapped = bytearray(len(value))
    for place in range(size):
        swapped[place::size] = value[size - 1 - place :: size]
    return bytes(swapped)


def vr_to_write(tag: int, written: str, *, signed: bool) -> str:
    """The VR of an element in an encoding that says it. signed: by Pixel Representation."""
    if written:
        return written
    if tag in _ALWAYS_OW:
        return "OW"
    from pydicom.datadict import dictionary_VR

    try:
        choice = "" if tag >> 16 & 1 else dictionary_VR(tag)
    except KeyError:
        choice = ""
    if "US or SS" in choice:
        return "SS" if signed else "US"
    return "OW" if choice.startswith("OB or OW") else vr_of(tag)
