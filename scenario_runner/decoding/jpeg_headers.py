"""The headers of a JPEG frame (ISO/IEC 10918-1 annex B), held against the image they belong to.

For processes that GDCM alone decodes here: it ends the whole program when they are not what they should be.
"""

from __future__ import annotations

import re
import struct
from dataclasses import field

from scenario_runner.lazy_dataclasses import dataclass

LOSSLESS, EXTENDED = 0xC3, 0xC1
"""Start of frame of the lossless process, and of the extended sequential one with Huffman coding."""
_SOI, _EOI, _DHT, _DQT, _SOS = 0xD8, 0xD9, 0xC4, 0xDB, 0xDA
_APP0, _APP14 = 0xE0, 0xEE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, 0xCC}
"""Start of frame, of any process."""
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""What ends the samples of a scan: any marker that does not restart them."""
_ALONE = frozenset((0x01, *range(0xD0, 0xDA)))
"""Markers without a segment; none belongs between SOI and SOS."""


def wrong_with(
    src: bytes, rows: int, columns: int, samples: int, process: int = LOSSLESS
) -> str | None:
    """What is wrong with the segments of a frame of that size and process; None when nothing is.

    Those between scans and after the last one, too: GDCM never ends with one that says it is longer than
    the frame. That the last scan is cut short is no matter.
    """
    if src[:2] != bytes((0xFF, _SOI)):
        return "it does not begin with an image"
    headers = _Headers((rows, columns, samples), process)
    position, scanned = 2, False
    while True:
        if len(src) - position < 4:
            return "it ends within its headers"
        lead, marker, length = struct.unpack_from(">BBH", src, position)
        segment = src[position + 4 : position + 2 + length]
        if lead != 0xFF or marker in (0x00, 0xFF) or marker in _ALONE:
            return f"{lead:02X}{marker:02X} where a segment begins"
        if length < 2 or len(segment) < length - 2:
            return f"a segment FF{marker:02X} of {length} bytes, which are not there"
        trouble = headers.take(marker, segment)
        if trouble is not None:
            return trouble
        position += 2 + length
        scanned = scanned or marker == _SOS
        if scanned:
            after = _MARKER.search(src, position)
            if after is None or src[after.end() - 1] == _EOI:
                return None
            position = after.end() - 2


@dataclass
class _Headers:
    """What was read so far. shape: rows, columns and samples of the image."""

    shape: tuple[int, int, int]
    process: int
    framed: bool = False
    tables: set[int] = field(default_factory=set)
    """Of Huffman codes: class and destination."""
    steps: set[int] = field(default_factory=set)
    """Destinations of quantization tables."""
    uses: int = 0
    """The one that the first component takes."""

    def take(self, marker: int, segment: bytes) -> str | None:
        """What is wrong with the next segment."""
        if marker in _FRAMES:
            if self.framed:
                return "a second frame"
            self.framed = True
            return self._frame(marker, segment)
        if marker == _DHT:
            return self._codes(segment)
        if marker == _DQT:
            return self._quantization(segment)
        if marker == _APP0 and segment[:5] == b"JFIF\0" and segment[5:6] != b"\1":
            return "a version of JFIF that there is not"
        if marker == _APP14 and segment[:5] == b"Adobe" and segment[11:12] > b"\2":
            return "a colour transform that there is not"
        if marker == _SOS:
            return self._scan(segment) if self.framed else "a scan before its frame"
        return None

    def _frame(self, marker: int, segment: bytes) -> str | None:
        if marker != self.process:
            return f"another process of JPEG, FF{marker:02X}"
        if len(segment) < 6 or len(segment) != 6 + 3 * segment[5]:
            return "a frame header of a wrong length"
        precision, *size = struct.unpack_from(">BHHB", segment)
        is_taken = precision == 12 if self.process == EXTENDED else 2 <= precision <= 16
        if not is_taken:
            return f"a precision of {precision} bits"
        if tuple(size) != self.shape:
            return f"{size[0]} rows, {size[1]} columns, {size[2]} samples, and not {self.shape}"
        if self.process == EXTENDED and segment[7] != 0x11:
            return "a component that is subsampled"
        self.uses = segment[8]
        return None

    def _codes(self, segment: bytes) -> str | None:
        is_lossless = self.process == LOSSLESS
        while segment:
            is_ac = bool(segment[0] & 0x10) and not is_lossless
            values = sum(segment[1:17])
            destination = segment[0] & 0x0F if is_ac else segment[0]
            most = 256 if is_ac else 17
            if len(segment) < 17 + values or destination > 3 or values > most:
                return "a Huffman table that is none"
            largest = 255 if is_ac else 16 if is_lossless else 15
            if any(value > largest for value in segment[17 : 17 + values]):
                return f"a Huffman table with differences of more than {largest} bits"
            self.tables.add(segment[0])
            segment = segment[17 + values :]
        return None

    def _quantization(self, segment: bytes) -> str | None:
        while segment:
            size = 64 << (segment[0] >> 4)
            if segment[0] & 0xEC or len(segment) < 1 + size:
                return "a quantization table that is none"
            self.steps.add(segment[0] & 0x0F)
            segment = segment[1 + size :]
        return None

    def _scan(self, segment: bytes) -> str | None:
        # One scan may hold them all, or each one of them.
        samples = self.shape[2]
        wrong = len(segment) < 4 or not 1 <= segment[0] <= samples
        if wrong or len(segment) != 4 + 2 * segment[0]:
            return "a scan header of a wrong length"
        if self.process == EXTENDED:
            codes = segment[2]
            if not {codes >> 4, codes & 0x0F | 0x10} <= self.tables:
                return "a scan without its Huffman tables"
            if self.uses not in self.steps:
                return "a scan without its quantization table"
        return None
