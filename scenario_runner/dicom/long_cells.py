"""Pixel cells of several words in Explicit VR Big Endian, as the Standard has them and as some write them.

A cell longer than a word is in several, its lowest bits in the first, in Big Endian as in Little Endian: only the
bytes of a word change places (PS3.5 7.3, 8.1.1, A.3). DCMTK and GDCM have it so; files that pydicom wrote have one
long word. In either the highest word is the one that differs less often from one cell to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scenario_runner.dicom.elements import Element, Elements

    Buffer = bytes | bytearray | memoryview

_BITS_ALLOCATED: Final = 0x00280100
_LONG: Final = {32: "OL", 64: "OV"}
"""VRs whose words are as long as such cells."""


def is_in_long_words(value: Buffer, bits_allocated: int) -> bool:
    """Whether each cell is one long Big Endian word. value: Pixel Data of more than 16 bits a cell, native."""
    import numpy as np

    words = bits_allocated // 16
    whole = len(value) // (2 * words) * 2 * words
    cells = np.frombuffer(value, np.uint16, count=whole // 2).reshape(-1, words)
    changes = np.count_nonzero(cells[1:] != cells[:-1], axis=0)
    return bool(changes[0] < changes[-1])


def vr_of_words(value: Buffer, bits_allocated: int, vr: str = "OW") -> str:
    """The VR whose words Big Endian Pixel Data is in: its own, or the long one that it is in against the Standard."""
    long = _LONG.get(bits_allocated)
    return long if long is not None and is_in_long_words(value, bits_allocated) else vr


def words_of_pixels(elements: Elements, pixels: Element) -> str:
    """The same of the Pixel Data of a data set, whatever its byte order."""
    allocated = elements.get(_BITS_ALLOCATED)
    if pixels.encoding.little or allocated is None:
        return pixels.vr
    return vr_of_words(pixels.value, int.from_bytes(allocated.value[:2], "big"), pixels.vr)
