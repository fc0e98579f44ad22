"""GDCM for lossless JPEG, which nothing else here decodes, asked only about frames that are in order.

GDCM ends the whole process when the headers of a frame are not what they should be. So they are read
first (ISO/IEC 10918-1 annex B), and held against the image they belong to. A plugin of pydicom's
decoders, by the rules of its guide for them.
"""

from __future__ import annotations

import importlib
import struct
from typing import TYPE_CHECKING

from pydicom.pixels.decoders import gdcm
from pydicom.uid import JPEGLossless, JPEGLosslessSV1

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

if not gdcm.HAVE_GDCM:
    importlib.reload(gdcm)  # it may have been kept back until now

DECODER_DEPENDENCIES = {
    uid: gdcm.DECODER_DEPENDENCIES[uid] for uid in (JPEGLossless, JPEGLosslessSV1)
}
_SOI, _SOF3, _DHT, _SOS = 0xD8, 0xC3, 0xC4, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
"""Start of frame, of any process."""
_ALONE = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers without a segment; none belongs between SOI and SOS."""


def is_available(uid: str) -> bool:
    """Whether frames in that transfer syntax can be decoded."""
    return uid in DECODER_DEPENDENCIES and gdcm.is_available(uid)


def decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """One frame, decoded. Raises ValueError when its headers are damaged."""
    trouble = wrong_with(src, runner.rows, runner.columns, runner.samples_per_pixel)
    if trouble is not None:
        raise ValueError(f"damaged lossless JPEG: {trouble}")
    return gdcm._decode_frame(src, runner)  # noqa: SLF001 - the name that pydicom's plugins have


def wrong_with(src: bytes, rows: int, columns: int, samples: int) -> str | None:
    """What is wrong with the headers of a frame of that size; None when nothing is."""
    if src[:2] != bytes((0xFF, _SOI)):
        return "it does not begin with an image"
    position, framed = 2, False
    while True:
        if len(src) - position < 4:
            return "it ends within its headers"
        lead, marker, length = struct.unpack_from(">BBH", src, position)
        segment = src[position + 4 : position + 2 + length]
        if lead != 0xFF or marker in (0x00, 0xFF) or marker in _ALONE:
            return f"{lead:02X}{marker:02X} where a segment begins"
        if length < 2 or len(segment) < length - 2:
            return f"a segment FF{marker:02X} of {length} bytes, which are not there"
        if marker in _FRAMES:
            trouble = _frame(marker, segment, (rows, columns, samples))
            framed = True
        elif marker == _DHT:
            trouble = _tables(segment)
        elif marker == _SOS:
            return _scan(segment, samples) if framed else "a scan before its frame"
        else:
            trouble = None
        if trouble is not None:
            return trouble
        position += 2 + length


def _frame(marker: int, segment: bytes, shape: tuple[int, int, int]) -> str | None:
    if marker != _SOF3:
        return f"another process of JPEG, FF{marker:02X}"
    if len(segment) < 6 or len(segment) != 6 + 3 * segment[5]:
        return "a frame header of a wrong length"
    precision, *size = struct.unpack_from(">BHHB", segment)
    if not 2 <= precision <= 16:
        return f"a precision of {precision} bits"
    if tuple(size) != shape:
        return f"{size[0]} rows, {size[1]} columns, {size[2]} samples, and not {shape}"
    return None


def _tables(segment: bytes) -> str | None:
    while segment:
        values = sum(segment[1:17])
        if len(segment) < 17 + values or segment[0] > 3 or values > 17:
            return "a Huffman table that is none"
        if any(value > 16 for value in segment[17 : 17 + values]):
            return "a Huffman table with differences of more than 16 bits"
        segment = segment[17 + values :]
    return None


def _scan(segment: bytes, samples: int) -> str | None:
    # One scan may hold them all, or each one of them.
    if len(segment) < 4 or not 1 <= segment[0] <= samples or len(segment) != 4 + 2 * segment[0]:
        return "a scan header of a wrong length"
    return None
