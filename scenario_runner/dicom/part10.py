"""Who we are in DICOM, what an instance is to be stored, and what precedes it in a file: once each."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPLEMENTATION_CLASS_UID: Final = "2.25.305294631622918079176222463595070891101"
"""Identifies this program's way of speaking DICOM (PS3.7 D.3.3.2); never changes."""

IMPLEMENTATION_VERSION_NAME: Final = "FABRICATOR_0"
"""At most 16 characters (PS3.7 D.3.3.2.3)."""


class Storable(Protocol):
    """An encoded SOP instance; ``buffers`` is its data set in pieces, without file meta information."""

    @property
    def sop_class_uid(self) -> str: ...  # noqa: D102
    @property
    def sop_instance_uid(self) -> str: ...  # noqa: D102
    @property
    def transfer_syntax_uid(self) -> str: ...  # noqa: D102
    @property
    def buffers(self) -> Sequence[bytes | bytearray | memoryview]: ...  # noqa: D102


def file_meta(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str, source_ae_title: str = ""
) -> bytes:
    """Preamble, ``DICM`` and File Meta Information (PS3.10 7.1), explicit little endian.

    source_ae_title: who sent the instance, left out when empty. What a peer said goes in as it is:
    a character that Latin-1 does not have becomes a question mark.
    """
    before, after = _around(sop_class_uid, transfer_syntax_uid, source_ae_title)
    uid = _element(0x0003, b"UI", sop_instance_uid)
    length = len(before) + len(uid) + len(after)
    return _PREAMBLE + struct.pack("<HH2sHL", 2, 0, b"UL", 4, length) + before + uid + after


_PREAMBLE: Final = bytes(128) + b"DICM"


@lru_cache(maxsize=64)
def _around(sop_class_uid: str, transfer_syntax_uid: str, source: str) -> tuple[bytes, bytes]:
    """What stands before and after the instance's UID, the same for a whole series."""
    before = _element(0x0001, b"OB", "\0\1") + _element(0x0002, b"UI", sop_class_uid)
    after = (
        _element(0x0010, b"UI", transfer_syntax_uid)
        + _element(0x0012, b"UI", IMPLEMENTATION_CLASS_UID)
        + _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME)
        + _element(0x0016, b"AE", source)
    )
    return before, after


def _element(number: int, vr: bytes, text: str) -> bytes:
    """One element of group 0002; nothing when it has no value."""
    value = text.encode("latin-1", "replace")
    if not value:
        return b""
    if len(value) % 2:
        value += b"\0" if vr == b"UI" else b" "
    if vr == b"OB":
        return struct.pack("<HH2sHL", 2, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", 2, number, vr, len(value)) + value
