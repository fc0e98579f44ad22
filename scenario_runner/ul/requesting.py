"""Negotiating an association that we ask for (PS3.8 9.3.2 and 9.3.3)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scenario_runner.errors import AssociationAborted, ProtocolViolation
from scenario_runner.ul import pdu, refusals, words
from scenario_runner.ul.associate_pdus import (
    AnsweredContext,
    AssociationAcceptance,
    AssociationRequest,
    Identity,
    MalformedPduError,
    ProposedContext,
    Role,
    UserInformation,
)
from scenario_runner.ul.contexts import ACCEPTED, MAX_CONTEXTS, Context, Proposal, reason_of
from scenario_runner.ul.evidence import AssociationEvidence
from scenario_runner.ul.reading import read_pdu, room_for_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer, UserIdentity
    from scenario_runner.ul.transport import Transport

_MOST_UID = 64
_MOST_EXTENDED = 64


def request(peer: Peer, proposals: Sequence[Proposal]) -> bytes:
    """An A-ASSOCIATE-RQ; context ids are 1, 3, 5, … in the order of the proposals.

    Raises ValueError for more than 128 proposals, or an AE title or UID that cannot be one.
    """
    if not 0 < len(proposals) <= MAX_CONTEXTS:
        raise ValueError(f"{len(proposals)} presentation contexts; 1 to {MAX_CONTEXTS} fit")
    for uid in (uid for one in proposals for uid in (one.abstract_syntax, *one.transfer_syntaxes)):
        if not uid.isascii() or not 0 < len(uid) <= _MOST_UID:
            raise ValueError(f"'{uid}' cannot be proposed")
    return AssociationRequest(
        called_ae_title=peer.ae_title,
        calling_ae_title=peer.calling_ae_title,
        contexts=tuple(
            ProposedContext(2 * index + 1, one.abstract_syntax, one.transfer_syntaxes)
            for index, one in enumerate(proposals)
        ),
        user=UserInformation(
            maximum_pdu=peer.limits.pdu,
            roles={p.abstract_syntax: Role(scu=False, scp=True) for p in proposals if p.scp},
            extended={p.abstract_syntax: p.extended for p in proposals if p.extended},
            identity=None if peer.identity is None else _identity(peer.identity),
        ),
    ).encode()


def _identity(identity: UserIdentity) -> Identity:
    """Type 1 is a name, type 2 a name and a passcode (PS3.7 D.3.3.7.1).

    No answer is asked for: acceptors that ignore the item would have to be told from others.
    """
    user = identity.user.encode("utf-8")
    if identity.password is None:
        return Identity(1, user)
    return Identity(2, user, identity.password.encode("utf-8"))


def negotiate(
    transport: Transport,
    peer: Peer,
    proposals: Sequence[Proposal],
    asked: bytes,
    deadline: Deadline,
    connect_seconds: float,
) -> AssociationEvidence:
    """Send the request and wait for the answer; anything but acceptance is raised."""
    began = time.monotonic()
    transport.send([asked], deadline)
    until = time.monotonic() + peer.patience("association")
    try:
        kind, whole = read_pdu(transport, peer, deadline, until, "association")
    except AssociationAborted as error:
        # Servers that expect TLS, or allow only known hosts, hang up like this without a word.
        error.hint = (
            error.hint
            or (
                "it hung up on the association request: does this port expect TLS"
                if peer.tls is None
                else "it hung up on the association request: does it want another certificate of ours"
            )
            + ", or only certain hosts?"
        )
        raise
    body = memoryview(whole)[pdu.HEADER.size :]
    if kind == pdu.ASSOCIATE_RJ:
        raise refusals.rejected(peer, body)
    if kind == pdu.ABORT:
        raise refusals.aborted(peer, body)
    if kind != pdu.ASSOCIATE_AC:
        raise peer.error(
            ProtocolViolation,
            "no answer to the association request",
            f"the peer sent a {pdu.name(kind)} instead",
        )
    answer = accepted(peer, body)
    return AssociationEvidence(
        host=peer.host,
        port=peer.port,
        calling_ae_title=peer.calling_ae_title,
        called_ae_title=peer.ae_title,
        contexts=contexts_of(proposals, answer),
        max_pdu=answer.user.maximum_pdu,
        implementation_class_uid=words.printable(answer.user.implementation_class_uid),
        implementation_version_name=words.printable(answer.user.implementation_version_name),
        connect_seconds=connect_seconds,
        negotiate_seconds=time.monotonic() - began,
    )


def accepted(peer: Peer, body: bytes | memoryview) -> AssociationAcceptance:
    """Read an A-ASSOCIATE-AC without its header. Raises ProtocolViolation when it makes no sense."""
    try:
        answer = AssociationAcceptance.decode(body)
    except MalformedPduError as error:
        raise peer.error(
            ProtocolViolation,
            "unreadable answer to the association request",
            f"the A-ASSOCIATE-AC cannot be decoded: {error}",
        ) from error
    room_for_data(peer, answer.user.maximum_pdu)
    return answer


def contexts_of(
    proposals: Sequence[Proposal], answer: AssociationAcceptance
) -> tuple[Context, ...]:
    """What came of each proposal."""
    answered = {one.id: one for one in answer.contexts}
    return tuple(
        _context(2 * index + 1, proposal, answered.get(2 * index + 1), answer.user)
        for index, proposal in enumerate(proposals)
    )


def _context(
    id_: int, proposal: Proposal, answer: AnsweredContext | None, user: UserInformation
) -> Context:
    uid = proposal.abstract_syntax
    chosen: str | None = None
    if answer is None:
        reason = "not answered by the peer"
    else:
        reason = reason_of(answer.result)
        if answer.result == ACCEPTED:
            chosen = words.printable(answer.transfer_syntax)
            if chosen not in proposal.transfer_syntaxes:
                reason = f"accepted with transfer syntax '{chosen}', which was not proposed"
                chosen = None
    role = user.roles.get(uid)
    return Context(
        id=id_,
        abstract_syntax=uid,
        proposed=proposal.transfer_syntaxes,
        transfer_syntax=chosen,
        result=None if answer is None else answer.result,
        reason=reason,
        scp=chosen is not None and proposal.scp and role is not None and role.scp,
        to_receive=proposal.scp,
        extended=b"" if chosen is None else user.extended.get(uid, b"")[:_MOST_EXTENDED],
    )
