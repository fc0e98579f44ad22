"""From one uncompressed transfer syntax to another, without touching a value's meaning (PS3.5 A).

A peer that takes only Explicit VR gets what was stored in Implicit VR, and the other way round. Pixels
are never compressed or decompressed here.
"""

from __future__ import annotations

from typing import Final

from scenario_runner.archive.elements import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Element,
    Elements,
    encoding_of,
    read_elements,
    read_items,
    write_elements,
    write_items,
)
from scenario_runner.archive.values import vr_of

_LITTLE: Final = frozenset((IMPLICIT_LITTLE, EXPLICIT_LITTLE))
_PIXEL_REPRESENTATION: Final = 0x00280103
_ALWAYS_OW: Final = frozenset((0x7FE00010, 0x54000110, 0x54000112, 0x54001010))
"""Pixel Data and waveform elements whose VR in Implicit VR is OW (PS3.5 A.1)."""


class TranscodingError(ValueError):
    """There is no way from the one transfer syntax to the other without touching pixels."""


def transcode(data: bytes, from_uid: str, to_uid: str) -> bytes:
    """The same data set in another transfer syntax; both have to be uncompressed Little Endian.

    Raises TranscodingError, and DamagedDatasetError when the data set cannot be read to its end.
    """
    if from_uid == to_uid:
        return data
    if from_uid not in _LITTLE or to_uid not in _LITTLE:
        raise TranscodingError(f"{from_uid} cannot be sent as {to_uid}")
    elements = read_elements(data, encoding_of(from_uid))
    return _written(elements, implicit=to_uid == IMPLICIT_LITTLE, signed=is_signed(elements))


def is_signed(elements: Elements) -> bool:
    """Whether pixels, and values that go with them, are signed (Pixel Representation)."""
    element = elements.get(_PIXEL_REPRESENTATION)
    return element is not None and element.value[:1] == b"\1"


def _written(elements: Elements, *, implicit: bool, signed: bool) -> bytes:
    encoded: Elements = {}
    for tag, element in elements.items():
        vr = vr_to_write(tag, element.vr, signed=signed)
        value = element.value
        if vr == "SQ":
            value = write_items(
                _written(item, implicit=implicit, signed=signed) for item in read_items(element)
            )
        encoded[tag] = Element(vr, value, element.encoding)
    return write_elements(encoded, implicit=implicit)


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
