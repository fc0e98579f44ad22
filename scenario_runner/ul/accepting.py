"""Taking an association that a peer opens to us (PS3.8 9.3.2 and 9.3.3)."""

from __future__ import annotations

import dataclasses
import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from scenario_runner.errors import ProtocolViolation
from scenario_runner.ul.association import Association
from scenario_runner.ul.pdu import ASSOCIATE_RQ
from scenario_runner.ul.reading import read_pdu
from scenario_runner.ul.requesting import AssociationEvidence, Context, printable

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

Choice = Callable[[str, tuple[str, ...]], str | None]
"""Which of the transfer syntaxes proposed for an abstract syntax we take, if any."""

_ABSTRACT_SYNTAX_NOT_SUPPORTED = 3


def accept(transport: Transport, peer: Peer, choose: Choice, deadline: Deadline) -> Association:
    """Read the A-ASSOCIATE-RQ and accept it.

    peer: who connected, with our AE title as its ``calling_ae_title``; the association's own peer
    carries the AE title it introduces itself with. An AE title that is not ours is accepted: who
    sends to this port was told to. Raises ProtocolViolation, PeerTimeout, AssociationAborted.
    """
    started = time.monotonic()
    kind, body = read_pdu(
        transport, peer, deadline, started + peer.patience("association"), "association"
    )
    if kind != ASSOCIATE_RQ:
        raise peer.error(ProtocolViolation, "no association request", f"PDU type {kind:02X}H")
    try:
        request = _decode(body)
        contexts = tuple(_context(item, choose) for item in request.presentation_context)
        evidence = AssociationEvidence(
            host=peer.host,
            port=peer.port,
            calling_ae_title=printable(request.calling_ae_title),
            called_ae_title=printable(request.called_ae_title),
            contexts=contexts,
            max_pdu=_max_pdu(request),
            implementation_class_uid=printable(request.user_information.implementation_class_uid),
            implementation_version_name=printable(
                request.user_information.implementation_version_name
            ),
            connect_seconds=0.0,
            negotiate_seconds=time.monotonic() - started,
        )
        answer = _encode(request, contexts, peer.limits.pdu)
    except Exception as error:  # the decoder raises whatever hostile bytes lead it into
        raise peer.error(
            ProtocolViolation,
            "unreadable association request",
            f"the A-ASSOCIATE-RQ cannot be decoded ({type(error).__name__})",
        ) from error
    transport.send([answer], deadline)
    who = dataclasses.replace(peer, ae_title=evidence.calling_ae_title or "?")
    return Association(who, transport, evidence, deadline)


def _decode(body: bytes) -> Any:
    from pynetdicom.pdu import A_ASSOCIATE_RQ

    pdu = A_ASSOCIATE_RQ()
    pdu.decode(body)
    return pdu


def _max_pdu(request: Any) -> int:
    length = int(request.user_information.maximum_length or 0)
    if 0 < length < 16:
        raise ValueError("no room for data")
    return length


def _context(item: Any, choose: Choice) -> Context:
    abstract = printable(item.abstract_syntax)
    proposed = tuple(printable(syntax) for syntax in item.transfer_syntax)
    chosen = choose(abstract, proposed)
    return Context(
        id=item.context_id,
        abstract_syntax=abstract,
        proposed=proposed,
        accepted=chosen is not None,
        transfer_syntax=chosen,
        reason="accepted" if chosen else "not taken by this receiver",
    )


def _encode(request: Any, contexts: tuple[Context, ...], max_pdu: int) -> bytes:
    """The A-ASSOCIATE-AC; written by hand, for pynetdicom's wants primitives of a whole stack."""
    user = [
        _item(0x51, struct.pack(">I", max_pdu)),
        _item(0x52, IMPLEMENTATION_CLASS_UID.encode("ascii")),
        *(_roles(uid, role) for uid, role in request.user_information.role_selection.items()),
        _item(0x55, IMPLEMENTATION_VERSION_NAME.encode("ascii")),
    ]
    items = [_item(0x10, printable(request.application_context_name).encode("ascii"))]
    for context in contexts:
        result = 0 if context.accepted else _ABSTRACT_SYNTAX_NOT_SUPPORTED
        syntax = context.transfer_syntax or next(iter(context.proposed), "")
        items.append(
            _item(0x21, bytes((context.id, 0, result, 0)) + _item(0x40, syntax.encode("ascii")))
        )
    items.append(_item(0x50, b"".join(user)))
    titles = b"".join(
        title.encode("ascii")[:16].ljust(16)
        for title in (printable(request.called_ae_title), printable(request.calling_ae_title))
    )
    payload = struct.pack(">Hxx", 1) + titles + bytes(32) + b"".join(items)
    return struct.pack(">BxI", 2, len(payload)) + payload


def _roles(uid: str, role: Any) -> bytes:
    """Whatever roles the peer wants, it may have (PS3.7 D.3.3.4)."""
    name = str(uid).encode("ascii")
    roles = bytes((bool(role.scu_role), bool(role.scp_role)))
    return _item(0x54, struct.pack(">H", len(name)) + name + roles)


def _item(kind: int, value: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(value)) + value
