"""A data set in another encoding: other byte order, with VRs or without (PS3.5 7.1); values mean what they meant."""

from __future__ import annotations

from typing import Final

from scenario_runner.dicom import element_writing, vrs
from scenario_runner.dicom.dictionary import vr_of
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.dicom.elements import (
    Elements,
    in_little_endian,
    is_signed,
    read_elements,
    read_items,
)
from scenario_runner.dicom.long_cells import words_of_pixels
from scenario_runner.dicom.syntaxes import Encoding

_MOST_SHORT: Final = 0xFFFF


def rewritten(data: bytes, before: Encoding, after: Encoding) -> bytes:
    """An uncompressed data set in another encoding, or in its own with no UN that the dictionary knows.

    Group lengths, which are retired and would be wrong, are left out (PS3.5 7.2). Raises
    DamagedDatasetError when it cannot be read to its end.
    """
    elements = read_elements(data, before)
    return _written(elements, after, around=False)


def _written(elements: Elements, encoding: Encoding, *, around: bool) -> bytes:
    """around: whether values are signed in the data set that an item is in."""
    signed = is_signed(elements, around)
    parts = []
    for tag in sorted(elements):
        if not tag & 0xFFFF:
            continue
        element = elements[tag]
        vr = vr_of(tag, element.vr, signed=signed)
        if vr == "SQ":
            value = b"".join(
                element_writing.item(_written(one, encoding, around=signed), little=encoding.little)
                for one in read_items(element)
            )
        else:
            words = words_of_pixels(elements, element) if tag == PIXEL_DATA else vr
            value = in_little_endian(element, words)
            # What is too long for its VR becomes UN, which is little endian (PS3.5 6.2.2).
            is_unknown = len(value) > _MOST_SHORT and vr not in vrs.LONG and not encoding.implicit
            if not encoding.little and not is_unknown:
                value = vrs.swapped(value, vr)
        parts.append(element_writing.element(tag, vr, value, encoding))
    return b"".join(parts)
