"""One image in every encoding that the Standard allows, written by hand: no library writes them all.

Written from PS3.5 7.1, 7.5, 6.2.2 and A.4 without the encoder of the package, so that neither proves itself.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scenario_runner.imaging.encoding.codecs import codec_of

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
LOSSLESS, RLE = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.5"
_LONG = {"OB", "OW", "SQ", "UN", "UT"}
_UNDEFINED = 0xFFFFFFFF
_FORGOTTEN = {0x0008103E, 0x00101030, 0x00186020, 0x00200013}
"""Attributes that are UN where sequences are: whoever wrote them did not know them (PS3.5 6.2.2)."""
_ROOT = "1.2.826.0.1.3680043.8.498.7"
STUDY, SERIES, INSTANCE = f"{_ROOT}.1", f"{_ROOT}.2", f"{_ROOT}.3"
SECONDARY_CAPTURE_8, SECONDARY_CAPTURE_16 = (f"1.2.840.10008.5.1.4.1.1.7.{n}" for n in (2, 3))

PIXELS = np.arange(2 * 32 * 32, dtype="<u2").reshape(2, 32, 32)
"""Two frames of 16 bits, every pixel another number."""
SMALL_PIXELS = (PIXELS % 251).astype("u1")
"""Two frames of 8 bits, neighbours another number."""


@dataclass(frozen=True)
class Way:
    """One way to write the image down.

    sequences: ``explicit``, ``undefined`` (both sequence and items), ``items`` (items alone),
    ``sequence`` (the sequence alone), ``un`` (VR UN, explicit length) and ``un-undefined``.
    fragments: for each frame. table: ``none`` (an empty one), ``basic`` or ``extended``.
    small: 8 bits a pixel, in ``OB`` or ``OW`` (PS3.5 8.1.2, A.1 to A.3); 16 bits when empty.
    """

    syntax: str
    sequences: str = "explicit"
    lengths: bool = False
    padded: bool = False
    fragments: int = 1
    table: str = "none"
    small: str = ""
    number: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """Of its file."""
        more = f"-{self.fragments}-{self.table}" if self.syntax in (*_COMPRESSED,) else ""
        more += (
            f"-8-{self.small}" * bool(self.small)
            + "-lengths" * self.lengths
            + "-padded" * self.padded
        )
        return f"{self.number:02}-{self.syntax.removeprefix('1.2.840.10008.1.2')}-{self.sequences}{more}.dcm"

    @property
    def uid(self) -> str:
        """Its SOP instance."""
        return f"{INSTANCE}.{self.number}"

    @property
    def sop_class(self) -> str:
        """Of multi-frame images of so many bits."""
        return SECONDARY_CAPTURE_8 if self.small else SECONDARY_CAPTURE_16

    @property
    def pixels(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Its frames."""
        return SMALL_PIXELS if self.small else PIXELS


_COMPRESSED = (JPEG_LS, JPEG_2000, LOSSLESS, RLE)


def ways() -> list[Way]:
    """All of them."""
    found = []
    plain = ("explicit", "undefined", "items", "sequence")
    for syntax in (IMPLICIT, EXPLICIT, BIG, DEFLATED):
        unknown = () if syntax == IMPLICIT else ("un", "un-undefined")
        found += [
            Way(syntax, sequences, lengths=place % 2 == 1, padded=place % 3 == 2)
            for place, sequences in enumerate((*plain, *unknown))
        ]
        # In Implicit VR it is OW, which nobody writes down (PS3.5 A.1).
        words = ("OW",) if syntax == IMPLICIT else ("OB", "OW")
        found += [Way(syntax, small=vr) for vr in words]
    for syntax, table in itertools.product(_COMPRESSED, ("none", "basic", "extended")):
        several = (
            (1,) if syntax == RLE or table == "extended" else (1, 3)
        )  # PS3.5 A.4.2, C.7.6.3.1.8
        found += [Way(syntax, "undefined", fragments=n, table=table) for n in several]
    return [replace(way, number=number) for number, way in enumerate(found, start=1)]


class _Writer:
    def __init__(self, way: Way, *, implicit: bool | None = None, big: bool | None = None) -> None:
        self.way = way
        self.implicit = way.syntax == IMPLICIT if implicit is None else implicit
        self.order = ">" if (way.syntax == BIG if big is None else big) else "<"

    def head(self, tag: int, vr: str, length: int) -> bytes:
        parts = struct.pack(self.order + "HH", tag >> 16, tag & 0xFFFF)
        if self.implicit:
            return parts + struct.pack(self.order + "I", length)
        if vr in _LONG:
            return parts + vr.encode() + bytes(2) + struct.pack(self.order + "I", length)
        return parts + vr.encode() + struct.pack(self.order + "H", length)

    def forgets(self, tag: int) -> bool:
        return tag in _FORGOTTEN and self.way.sequences == "un" and not self.implicit

    def element(self, tag: int, vr: str, value: Any) -> bytes:
        if vr == "SQ":
            return self.sequence(tag, value)
        if isinstance(value, str):
            value = value.encode("latin-1")
            value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
        elif not isinstance(value, bytes):
            numbers = value if isinstance(value, list) else [value]
            code = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FD": "d", "FL": "f"}[vr]
            order = "<" if self.forgets(tag) else self.order  # PS3.5 6.2.2
            value = struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        assert isinstance(value, bytes)
        if self.forgets(tag):
            vr = "UN"
        return self.head(tag, vr, len(value)) + value

    def sequence(self, tag: int, items: list[list[tuple[int, str, Any]]]) -> bytes:
        how = self.way.sequences
        inner = self
        if how.startswith("un") and how != "undefined":
            inner = _Writer(self.way, implicit=True, big=False)
        encoded = b"".join(inner.item(item) for item in items)
        vr = "UN" if inner is not self and not self.implicit else "SQ"
        if how in ("undefined", "sequence", "un-undefined"):
            end = struct.pack(inner.order + "HHI", 0xFFFE, 0xE0DD, 0)
            return self.head(tag, vr, _UNDEFINED) + encoded + end
        return self.head(tag, vr, len(encoded)) + encoded

    def item(self, elements: list[tuple[int, str, Any]]) -> bytes:
        inside = b"".join(self.element(*one) for one in elements)
        if self.way.sequences in ("undefined", "items"):
            begin = struct.pack(self.order + "HHI", 0xFFFE, 0xE000, _UNDEFINED)
            return begin + inside + struct.pack(self.order + "HHI", 0xFFFE, 0xE00D, 0)
        return struct.pack(self.order + "HHI", 0xFFFE, 0xE000, len(inside)) + inside


def _attributes(way: Way) -> list[tuple[int, str, Any]]:
    code = [(0x00080100, "SH", "T-D3000"), (0x00080102, "SH", "SRT"), (0x00080104, "LO", "Chest ")]
    bits = 8 if way.small else 16
    request = [(0x00400008, "SQ", [code, code]), (0x00401001, "SH", "R1")]
    return [
        (0x00080005, "CS", "ISO_IR 100"),
        (0x00080016, "UI", way.sop_class),
        (0x00080018, "UI", way.uid),
        (0x00080020, "DA", "20260130"),
        (0x00080030, "TM", "093000"),
        (0x00080050, "SH", ""),
        (0x00080060, "CS", "OT"),
        (0x00080064, "CS", "WSD "),
        (0x00080090, "PN", ""),
        (0x0008103E, "LO", "  Größe  "),  # leading and trailing spaces say nothing (PS3.5 6.2)
        (0x00081111, "SQ", []),
        (0x00100010, "PN", "Müller^Jörg"),
        (0x00100020, "LO", "PID1"),
        (0x00100030, "DA", ""),
        (0x00100040, "CS", "O"),
        (0x00101030, "DS", " 72.50"),
        (0x00110010, "LO", "ACME 1"),
        (0x00111001, "LO", "private"),
        (0x00111002, "SQ", [[(0x00110010, "LO", "ACME 1"), (0x00111001, "LO", "inside")]]),
        (0x00111003, "OB", b"\1\2\3\4"),
        (0x00181063, "DS", "33.5"),
        (0x00186020, "SL", -70000),
        (0x00189087, "FD", 0.5),
        (0x0020000D, "UI", STUDY),
        (0x0020000E, "UI", SERIES),
        (0x00200010, "SH", "1"),
        (0x00200011, "IS", "1"),
        (0x00200013, "IS", f"{way.number} "),
        (0x00200020, "CS", "L\\P "),
        (0x00280002, "US", 1),
        (0x00280004, "CS", "MONOCHROME2"),
        (0x00280008, "IS", "2"),
        (0x00280009, "AT", struct.pack(_Writer(way).order + "HH", 0x0018, 0x1063)),
        (0x00280010, "US", 32),
        (0x00280011, "US", 32),
        (0x00280100, "US", bits),
        (0x00280101, "US", bits),
        (0x00280102, "US", bits - 1),
        (0x00280103, "US", 0),
        (0x00280301, "CS", "NO"),
        (0x00281050, "DS", "1024\\1000 "),
        (0x00281051, "DS", "2048\\2000 "),
        (0x00281052, "DS", "0"),
        (0x00281053, "DS", "1"),
        (0x00281054, "LO", "US"),
        (0x00400275, "SQ", [request, request]),
    ]


def encoded(way: Way) -> bytes:
    """The whole file."""
    write = _Writer(way)
    groups = itertools.groupby(_attributes(way), key=lambda one: one[0] >> 16)
    data = b""
    for group, elements in groups:
        inside = b"".join(write.element(*one) for one in elements)
        if way.lengths:
            data += write.element(group << 16, "UL", len(inside))
        data += inside
    data += _pixels(way, write)
    if way.padded:
        data += write.element(0xFFFCFFFC, "OB", bytes(10))
    if way.syntax == DEFLATED:
        squeeze = zlib.compressobj(wbits=-15)
        data = squeeze.compress(data) + squeeze.flush()
        data += b"\0" * (len(data) % 2)
    meta = _Writer(Way(EXPLICIT))
    group = b"".join(
        meta.element(*one)
        for one in (
            (0x00020001, "OB", b"\0\1"),
            (0x00020002, "UI", way.sop_class),
            (0x00020003, "UI", way.uid),
            (0x00020010, "UI", way.syntax),
            (0x00020012, "UI", "2.25.7"),
        )
    )
    return bytes(128) + b"DICM" + meta.element(0x00020000, "UL", len(group)) + group + data


def _pixels(way: Way, write: _Writer) -> bytes:
    codec = codec_of(way.syntax)
    if codec is None:
        content = way.pixels.astype(write.order + way.pixels.dtype.str[1:]).tobytes()
        if way.small == "OW":
            content = np.frombuffer(content, "<u2").astype(write.order + "u2").tobytes()
        return write.element(0x7FE00010, way.small or "OW", content)
    frames = [codec.encode(frame, 16) for frame in PIXELS]
    items, offsets, lengths = b"", [], []
    for frame in frames:
        offsets.append(len(items))
        lengths.append(len(frame))
        size = -(-len(frame) // way.fragments) // 2 * 2 + 2
        for start in range(0, len(frame), size if way.fragments > 1 else len(frame)):
            part = frame[start : start + size] if way.fragments > 1 else frame
            part += b"\0" * (len(part) % 2)
            items += struct.pack("<HHI", 0xFFFE, 0xE000, len(part)) + part
    table = struct.pack("<2I", *offsets) if way.table == "basic" else b""
    head = b""
    if way.table == "extended":
        for tag, numbers in ((0x7FE00001, offsets), (0x7FE00002, lengths)):
            head += struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"OV", 0, 16)
            head += struct.pack("<2Q", *numbers)
    begin = write.head(0x7FE00010, "OB", _UNDEFINED)
    begin += struct.pack("<HHI", 0xFFFE, 0xE000, len(table)) + table
    return head + begin + items + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def write_all(folder: Path) -> dict[str, Path]:
    """Every way as a file. Returns them by SOP instance UID."""
    found = {}
    for way in ways():
        found[way.uid] = folder / way.name
        found[way.uid].write_bytes(encoded(way))
    return found
