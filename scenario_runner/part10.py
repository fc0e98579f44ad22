"""Who we are in DICOM, and what precedes a data set in a file. The one definition of both."""

from __future__ import annotations

import struct
from typing import Final

IMPLEMENTATION_CLASS_UID: Final = "2.25.305294631622918079176222463595070891101"
"""Identifies this program's way of speaking DICOM (PS3.7 D.3.3.2); never changes."""

IMPLEMENTATION_VERSION_NAME: Final = "FABRICATOR_0"
"""At most 16 characters (PS3.7 D.3.3.2.3)."""


def file_meta(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae_title: str = ""
) -> bytes:
    """Preamble, ``DICM`` and File Meta Information (PS3.10 7.1), explicit little endian.

    source_ae_title: who sent the instance, left out when empty. What a peer said goes in as it is:
    a character that Latin-1 does not have becomes a question mark.
    """
    elements = (
        (0x0001, b"OB", b"\0\1"),
        (0x0002, b"UI", sop_class_uid.encode("latin-1", "replace")),
        (0x0003, b"UI", sop_instance_uid.encode("latin-1", "replace")),
        (0x0010, b"UI", transfer_syntax_uid.encode("latin-1", "replace")),
        (0x0012, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii")),
        (0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode("ascii")),
        (0x0016, b"AE", source_ae_title.encode("latin-1", "replace")),
    )
    group = b"".join(_element(number, vr, value) for number, vr, value in elements if value)
    return bytes(128) + b"DICM" + _element(0x0000, b"UL", struct.pack("<L", len(group))) + group


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    """One element of group 0002."""
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    if vr == b"OB":
        return struct.pack("<HH2sHL", 2, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value
