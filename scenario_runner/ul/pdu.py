"""The seven kinds of PDU, what they are called, and those that are always the same (PS3.8 9.3)."""

from __future__ import annotations

import struct

Buffer = bytes | bytearray | memoryview

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ = 0x01, 0x02, 0x03
P_DATA = 0x04
RELEASE_RQ, RELEASE_RP, ABORT = 0x05, 0x06, 0x07

NAMES = {
    ASSOCIATE_RQ: "A-ASSOCIATE-RQ",
    ASSOCIATE_AC: "A-ASSOCIATE-AC",
    ASSOCIATE_RJ: "A-ASSOCIATE-RJ",
    P_DATA: "P-DATA-TF",
    RELEASE_RQ: "A-RELEASE-RQ",
    RELEASE_RP: "A-RELEASE-RP",
    ABORT: "A-ABORT",
}

HEADER = struct.Struct(">BxL")
"""Type, and length of what follows."""


def name(kind: int) -> str:
    """What a kind is called, also one that there is not."""
    return NAMES.get(kind, f"PDU of unknown type {kind:02X}H")


SERVICE_USER, SERVICE_PROVIDER = 0, 2
"""Who aborts: the application, or the upper layer itself."""


def release(kind: int) -> bytes:
    """An A-RELEASE-RQ or -RP."""
    return HEADER.pack(kind, 4) + bytes(4)


def abort(source: int, reason: int = 0) -> bytes:
    """An A-ABORT (PS3.8 9.3.8); only the service provider has reasons."""
    return HEADER.pack(ABORT, 4) + bytes((0, 0, source, reason))
