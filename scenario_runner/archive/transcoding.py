"""From one transfer syntax to an uncompressed one, without touching a value's meaning (PS3.5 A).

A peer that takes only Explicit VR gets what was stored in Implicit VR, and the other way round; big
endian, deflated and compressed data sets can be given in little endian. Nothing is compressed here.
"""

from __future__ import annotations

import io
from typing import Final

from scenario_runner.decoding import decompress
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.elements import (
    Element,
    Elements,
    inflate,
    read_elements,
    read_items,
    write_elements,
)
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_LE,
    IMPLICIT_LE,
    NATIVE,
    PLAIN,
    encoding_of,
)
from scenario_runner.dicom.vrs import swapped
from scenario_runner.dicom.writing import item

_PIXEL_REPRESENTATION: Final = 0x00280103


class TranscodingError(ValueError):
    """There is no way from the one transfer syntax to the other."""


def transcode(data: bytes, from_uid: str, to_uid: str) -> bytes:
    """The same data set in another transfer syntax, from any that can be decoded here to one of PLAIN.

    Raises TranscodingError, and DamagedDatasetError when the data set cannot be read to its end.
    """
    if from_uid == to_uid:
        return data
    if to_uid not in PLAIN:
        raise TranscodingError(f"{from_uid} cannot be sent as {to_uid}")
    if from_uid not in NATIVE:
        data, from_uid = _decompressed(data, from_uid), EXPLICIT_LE
        if to_uid == EXPLICIT_LE:
            return data
    if from_uid == DEFLATED:
        data = inflate(data)
        if to_uid == EXPLICIT_LE:
            return data
    elements = read_elements(data, encoding_of(from_uid))
    return _written(elements, implicit=to_uid == IMPLICIT_LE, signed=is_signed(elements))


def _decompressed(data: bytes, from_uid: str) -> bytes:
    """A data set with its pixels decoded, in Explicit VR Little Endian. Raises TranscodingError."""
    from pydicom import dcmread
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    target = DicomBytesIO()
    target.is_little_endian, target.is_implicit_VR = True, False
    try:
        dataset = dcmread(io.BytesIO(file_meta("1.2", "1.2", from_uid) + data))
        if any(word in dataset for word in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
            decompress(dataset)
        write_dataset(target, dataset)
    except Exception as error:
        # What decoders raise for damaged pixels is not told beforehand.
        raise TranscodingError(f"the pixels cannot be decoded: {error}") from error
    return target.getvalue()


def is_signed(elements: Elements) -> bool:
    """Whether pixels, and values that go with them, are signed (Pixel Representation)."""
    element = elements.get(_PIXEL_REPRESENTATION)
    return element is not None and b"\1" in element.value


def _written(elements: Elements, *, implicit: bool, signed: bool) -> bytes:
    encoded: Elements = {}
    for tag, element in elements.items():
        vr = vr_of(tag, element.vr, signed=signed)
        if vr == "SQ":
            value = b"".join(
                item(_written(one, implicit=implicit, signed=signed)) for one in read_items(element)
            )
        else:
            value = in_little_endian(element, vr)
        encoded[tag] = Element(vr, value, element.encoding)
    return write_elements(encoded, implicit=implicit)


def in_little_endian(element: Element, vr: str = "") -> bytes:
    """The value of an element in Little Endian. vr: what it is, if that is not written there."""
    return element.value if element.encoding.little else swapped(element.value, vr or element.vr)
