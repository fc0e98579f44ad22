"""Negotiating an association that a peer asks us for (PS3.8 9.3.2 to 9.3.4)."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scenario_runner.errors import ProtocolViolation
from scenario_runner.ul import pdu
from scenario_runner.ul.associate_pdus import (
    AnsweredContext,
    AssociationAcceptance,
    AssociationRequest,
    MalformedPduError,
    ProposedContext,
    Rejection,
    Role,
    UserInformation,
)
from scenario_runner.ul.contexts import ACCEPTED, Context, reason_of
from scenario_runner.ul.evidence import AssociationEvidence
from scenario_runner.ul.reading import read_pdu, room_for_data
from scenario_runner.ul.words import printable

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

Judge = Callable[[AssociationRequest], Sequence[Context] | Rejection]
"""Answers every context that a peer proposes, or refuses the association."""


def taken(
    proposed: ProposedContext, transfer_syntax: str, *, scp: bool = False, extended: bytes = b""
) -> Context:
    """The answer that accepts a proposed context. scp: the requestor may be its SCP, if it asked."""
    return _context(proposed, ACCEPTED, transfer_syntax, scp=scp, extended=extended)


def refused(proposed: ProposedContext, result: int) -> Context:
    """The answer that refuses it."""
    return _context(proposed, result, None, scp=False, extended=b"")


def _context(
    proposed: ProposedContext, result: int, syntax: str | None, *, scp: bool, extended: bytes
) -> Context:
    return Context(
        id=proposed.id,
        abstract_syntax=proposed.abstract_syntax,
        proposed=proposed.transfer_syntaxes,
        transfer_syntax=syntax,
        result=result,
        reason=reason_of(result),
        scp=scp,
        extended=extended,
    )


def negotiate(
    transport: Transport, peer: Peer, judge: Judge, deadline: Deadline
) -> tuple[Peer, AssociationEvidence] | None:
    """Read the A-ASSOCIATE-RQ and answer it; None when the judge refused.

    peer: who connected, with our AE title as its ``calling_ae_title``; the one returned carries the
    AE title it introduces itself with. Raises ProtocolViolation, PeerTimeout, AssociationAborted.
    """
    began = time.monotonic()
    until = began + peer.patience("association")
    kind, whole = read_pdu(transport, peer, deadline, until, "association")
    if kind != pdu.ASSOCIATE_RQ:
        raise peer.error(
            ProtocolViolation, "no association request", f"the peer sent a {pdu.name(kind)} instead"
        )
    try:
        request = AssociationRequest.decode(memoryview(whole)[pdu.HEADER.size :])
    except MalformedPduError as error:
        raise peer.error(
            ProtocolViolation,
            "unreadable association request",
            f"the A-ASSOCIATE-RQ cannot be decoded: {error}",
        ) from error
    room_for_data(peer, request.user.maximum_pdu)
    verdict = judge(request)
    if isinstance(verdict, Rejection):
        transport.send([verdict.encode()], deadline)
        transport.finish()
        return None
    transport.send([acceptance(request, verdict, peer.limits.pdu)], deadline)
    evidence = AssociationEvidence(
        host=peer.host,
        port=peer.port,
        calling_ae_title=printable(request.calling_ae_title),
        called_ae_title=printable(request.called_ae_title),
        contexts=tuple(verdict),
        max_pdu=request.user.maximum_pdu,
        implementation_class_uid=printable(request.user.implementation_class_uid),
        implementation_version_name=printable(request.user.implementation_version_name),
        connect_seconds=0.0,
        negotiate_seconds=time.monotonic() - began,
    )
    return dataclasses.replace(peer, ae_title=evidence.calling_ae_title or "?"), evidence


def acceptance(request: AssociationRequest, contexts: Sequence[Context], maximum_pdu: int) -> bytes:
    """The A-ASSOCIATE-AC that says what became of each context, the roles and the extended negotiation."""
    granted = {one.abstract_syntax: one for one in contexts if one.accepted}
    identity = request.user.identity
    return AssociationAcceptance(
        contexts=tuple(
            AnsweredContext(
                one.id,
                ACCEPTED if one.result is None else one.result,
                one.transfer_syntax or next(iter(one.proposed), ""),
            )
            for one in contexts
        ),
        user=UserInformation(
            maximum_pdu=maximum_pdu,
            roles={
                uid: Role(role.scu, granted[uid].scp)
                for uid, role in request.user.roles.items()
                if uid in granted
            },
            extended={uid: one.extended for uid, one in granted.items() if one.extended},
            # Whoever got so far is who it says; names and passcodes are answered with nothing.
            identity_response=b"" if identity is not None and identity.response_wanted else None,
        ),
        fixed=request.fixed,
    ).encode()
