"""A DICOM file from a service, cut into what it says of itself and its data set (PS3.10 7.1)."""

from __future__ import annotations

import struct
from typing import Final

from scenario_runner.answers import Received
from scenario_runner.dicom.vrs import LONG

MOST_META: Final = 0x100000
_PREFIX = 132


class NotPart10Error(ValueError):
    """The bytes are no DICOM file, or its File Meta Information is damaged."""


def split(file: bytes) -> Received:
    """Read group 0002 and leave the rest as it is. Raises NotPart10Error."""
    if file[128:_PREFIX] != b"DICM":
        raise NotPart10Error("no DICM after a preamble of 128 bytes")
    found: dict[int, bytes] = {}
    position = _PREFIX
    while file[position : position + 2] == b"\x02\x00":
        if position - _PREFIX > MOST_META:
            raise NotPart10Error("the file meta information is too long")
        number, vr, start, size = _element(file, position)
        position = start + size
        if position > len(file):
            raise NotPart10Error("the file meta information is cut off")
        if vr == b"UI":
            found[number] = file[start:position]
    uids = [found.get(number, b"").rstrip(b" \0") for number in (0x0002, 0x0003, 0x0010)]
    if not all(uid.isascii() and 0 < len(uid) <= 64 for uid in uids):
        raise NotPart10Error("the file meta information lacks SOP class, instance or syntax")
    sop_class, sop_instance, syntax = (uid.decode("ascii") for uid in uids)
    return Received(
        sop_class_uid=sop_class,
        sop_instance_uid=sop_instance,
        transfer_syntax_uid=syntax,
        data=memoryview(file)[position:],
    )


def _element(file: bytes, position: int) -> tuple[int, bytes, int, int]:
    """Element number, VR, where its value starts and how long it is; explicit little endian."""
    try:
        number, vr, short = struct.unpack_from("<H2sH", file, position + 2)
        if vr.decode("latin-1") not in LONG:
            return number, vr, position + 8, short
        (size,) = struct.unpack_from("<L", file, position + 8)
    except struct.error as error:
        raise NotPart10Error("the file meta information is cut off") from error
    return number, vr, position + 12, size
