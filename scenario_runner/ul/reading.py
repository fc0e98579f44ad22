"""One PDU from a connection, held to its limits before memory is spent on it (PS3.8 9.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import ProtocolViolation
from scenario_runner.ul import pdu

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer, Stage
    from scenario_runner.ul.transport import Transport

_LEEWAY: Final = 12
"""Bytes by which a P-DATA-TF may exceed our maximum: some count its headers in, some do not."""
_LEAST: Final = 16
"""Bytes of a P-DATA-TF in which a message still gets anywhere."""


def read_pdu(
    transport: Transport, peer: Peer, deadline: Deadline, until: float, stage: Stage = "response"
) -> tuple[int, bytes | bytearray]:
    """One whole PDU with its header.

    until: when its stage is over; what has begun has to be whole within the network_timeout as well.
    Raises ProtocolViolation for a type or length without sense.
    """
    kind, length = transport.head(deadline, until, stage)
    limit = peer.limits.pdu if kind == pdu.P_DATA else peer.limits.association_pdu
    if kind not in pdu.NAMES:
        raise peer.error(
            ProtocolViolation,
            "the peer does not speak DICOM",
            f"it sent bytes that begin no PDU ({kind:02X}H)",
            hint="check the port: a web server or a TLS port answers like this",
        )
    if length > limit + _LEEWAY:
        raise peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent a {pdu.name(kind)} that claims {length} bytes; {limit} are allowed",
        )
    end = time.monotonic() + peer.patience("network")
    if end < until:
        until, stage = end, "network"
    whole = transport.read(pdu.HEADER.size + length, deadline, until, stage)
    if transport.log is not None:
        transport.log.received(whole)
    return kind, whole


def room_for_data(peer: Peer, maximum: int) -> None:
    """Raises ProtocolViolation for a maximum PDU length in which no message fits (PS3.8 D.1)."""
    if 0 < maximum < _LEAST:
        raise peer.error(
            ProtocolViolation,
            "no association with that peer",
            f"its maximum PDU length of {maximum} bytes leaves no room for data",
        )
