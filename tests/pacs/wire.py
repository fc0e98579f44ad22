"""A peer by hand, for what no well-behaved client does."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scenario_runner.ul.commands import NO_DATA_SET, Element, Field, encode

if TYPE_CHECKING:
    import socket

VERIFICATION = "1.2.840.10008.1.1"
IMPLICIT = "1.2.840.10008.1.2"


def item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value


def associate_rq(
    abstract_syntax: str = VERIFICATION,
    transfer_syntax: str = IMPLICIT,
    maximum_pdu: int = 16384,
    calling: str = "TESTER",
) -> bytes:
    """An A-ASSOCIATE-RQ with one presentation context, number 1."""
    syntaxes = item(0x30, abstract_syntax.encode()) + item(0x40, transfer_syntax.encode())
    body = (
        struct.pack(">Hxx", 1)
        + b"EMBEDDED".ljust(16)
        + calling.encode().ljust(16)
        + bytes(32)
        + item(0x10, b"1.2.840.10008.3.1.1.1")
        + item(0x20, b"\1\0\0\0" + syntaxes)
        + item(0x50, item(0x51, struct.pack(">L", maximum_pdu)) + item(0x52, b"1.2.3.4"))
    )
    return struct.pack(">BxL", 1, len(body)) + body


def echo_rq() -> bytes:
    """A C-ECHO-RQ in context 1."""
    command = encode(
        {
            Element.AFFECTED_SOP_CLASS_UID: VERIFICATION,
            Element.COMMAND_FIELD: Field.C_ECHO_RQ,
            Element.MESSAGE_ID: 1,
            Element.COMMAND_DATA_SET_TYPE: NO_DATA_SET,
        }
    )
    return struct.pack(">BxLLBB", 4, len(command) + 6, len(command) + 2, 1, 3) + command


def read_pdu(sock: socket.socket) -> tuple[int, bytes]:
    """Type and body of the next PDU."""
    kind, length = struct.unpack(">BxL", _read(sock, 6))
    return kind, _read(sock, length)


def _read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("closed")
        data += more
    return data
