"""One PDU from a connection, held to its limits before memory is spent on it (PS3.8 9.3)."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from scenario_runner.errors import ProtocolViolation
from scenario_runner.ul import pdu

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer, Stage
    from scenario_runner.ul.transport import Transport


def read_pdu(
    transport: Transport, peer: Peer, deadline: Deadline, until: float, stage: Stage = "response"
) -> tuple[int, bytes]:
    """One whole PDU with its header.

    until: when its stage is over; what has begun has to be whole within the network_timeout as well.
    Raises ProtocolViolation for a type or length without sense.
    """
    head = transport.read(6, deadline, until, keep=True, stage=stage)
    kind, length = struct.unpack(">BxI", head)
    limit = peer.limits.pdu if kind == pdu.P_DATA else peer.limits.association_pdu
    if kind not in pdu.NAMES:
        raise peer.error(
            ProtocolViolation,
            "the peer does not speak DICOM",
            f"it sent bytes that begin no PDU ({kind:02X}H)",
            hint="check the port: a web server or a TLS port answers like this",
        )
    if length > limit:
        raise peer.error(
            ProtocolViolation,
            "the peer broke the protocol",
            f"it sent a {pdu.name(kind)} that claims {length} bytes; {limit} are allowed",
        )
    end = time.monotonic() + peer.patience("network")
    if end < until:
        until, stage = end, "network"
    whole = transport.read(6 + length, deadline, until, stage=stage)
    if transport.log is not None:
        transport.log.received(whole)
    return kind, whole
