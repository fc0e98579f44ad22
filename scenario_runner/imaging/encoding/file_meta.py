"""Preamble, ``DICM`` and File Meta Information (PS3.10 7.1), patched per instance."""

from __future__ import annotations

import struct

from scenario_runner.imaging.encoding.elements import element_header

IMPLEMENTATION_CLASS_UID = "2.25.305294631622918079176222463595070891101"
"""Identifies this program's way of writing DICOM (PS3.7 D.3.3.2); never changes."""

IMPLEMENTATION_VERSION_NAME = "FABRICATOR_0"


def _text(tag: int, vr: str, text: str) -> bytes:
    raw = text.encode("ascii")
    if len(raw) & 1:
        raw += b"\0" if vr == "UI" else b" "
    return element_header(tag, vr, len(raw), implicit=False) + raw


class FileMeta:
    """What precedes the data set in a file, for instances of one class and transfer syntax."""

    def __init__(self, sop_class_uid: str, transfer_syntax_uid: str) -> None:
        version = element_header(0x00020001, "OB", 2, implicit=False) + b"\x00\x01"
        self._before = version + _text(0x00020002, "UI", sop_class_uid)
        self._after = b"".join(
            (
                _text(0x00020010, "UI", transfer_syntax_uid),
                _text(0x00020012, "UI", IMPLEMENTATION_CLASS_UID),
                _text(0x00020013, "SH", IMPLEMENTATION_VERSION_NAME),
            )
        )

    def encode(self, sop_instance_uid: str) -> bytes:
        """128 zero bytes, ``DICM`` and group 0002, always explicit little endian."""
        group = self._before + _text(0x00020003, "UI", sop_instance_uid) + self._after
        length = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(group))
        return bytes(128) + b"DICM" + length + group
