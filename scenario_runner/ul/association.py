"""One association with a peer: negotiate, exchange messages, release or abort."""

from __future__ import annotations

import contextlib
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    FabricatorError,
    NoAcceptedContext,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.ul import commands, pdu
from scenario_runner.ul import requesting as negotiation
from scenario_runner.ul.commands import Command, Element, Field
from scenario_runner.ul.connecting import connect
from scenario_runner.ul.fragments import COMMAND, LAST, fragments
from scenario_runner.ul.reading import read_pdu
from scenario_runner.ul.requesting import AssociationEvidence, Context, Proposal
from scenario_runner.ul.transport import SLICE, Buffer, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from scenario_runner.ul.peer import Peer

_RELEASE_PATIENCE = 2.0
"""Seconds; a peer that never answers a release costs nothing but these."""


class Released(AssociationAborted):
    """The peer released the association; the good end of one that it opened."""


@dataclass(frozen=True, slots=True)
class Message:
    """A DIMSE message from the peer. data: its data set, None when it has none."""

    context_id: int
    command: Command
    data: bytearray | None


@dataclass(slots=True)
class _Assembly:
    """A message whose PDVs are still coming."""

    context_id: int
    command: Command | None
    part: bytearray


class Association:
    """An open association. A context manager: leaves by release, by abort after an exception.

    Not for use by two threads at once. Every wait answers to the deadline given at ``open``.
    """

    def __init__(
        self, peer: Peer, transport: Transport, evidence: AssociationEvidence, deadline: Deadline
    ) -> None:
        self.peer = peer
        self.evidence = evidence
        self.deadline = deadline
        self._transport = transport
        self._open = True
        self._midway = False
        self._message_id = 0
        self._pdvs: list[tuple[int, int, memoryview]] = []
        self.last_pdu = b""
        """The P-DATA-TF read last, whole."""

    @classmethod
    def open(cls, peer: Peer, proposals: Sequence[Proposal], deadline: Deadline) -> Self:
        """Connect and negotiate.

        Raises ConnectionFailed, AssociationRejected, AssociationAborted, PeerTimeout,
        ProtocolViolation, or what the deadline raises. That no context was accepted is no error
        here; see ``context``.
        """
        asked = negotiation.request(peer, proposals)
        started = time.monotonic()
        transport = connect(peer, deadline)
        connected = time.monotonic()
        try:
            transport.send([asked], deadline)
            answer = _answer(transport, peer, proposals, deadline)
        except BaseException:
            transport.close()
            raise
        evidence = AssociationEvidence(
            host=peer.host,
            port=peer.port,
            calling_ae_title=peer.calling_ae_title,
            called_ae_title=peer.ae_title,
            contexts=answer.contexts,
            max_pdu=answer.max_pdu,
            implementation_class_uid=answer.implementation_class_uid,
            implementation_version_name=answer.implementation_version_name,
            connect_seconds=connected - started,
            negotiate_seconds=time.monotonic() - connected,
        )
        return cls(peer, transport, evidence, deadline)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A generator that is closed between two exchanges has simply seen enough.
        if kind is None or kind is GeneratorExit:
            self.release()
        else:
            self.abort()

    def context(self, abstract_syntax: str, what: str) -> Context:
        """The accepted context for a SOP class. Raises NoAcceptedContext naming ``what``."""
        candidates = [c for c in self.evidence.contexts if c.abstract_syntax == abstract_syntax]
        for context in candidates:
            if context.accepted:
                return context
        reason = candidates[0].reason if candidates else "never proposed"
        raise self.peer.error(NoAcceptedContext, f"the peer does not offer {what}", reason)

    def next_message_id(self) -> int:
        """A message id that is free: 1 to 65535, then from the beginning."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def send(self, context_id: int, command: Command, data: Sequence[Buffer] | None = None) -> None:
        """Send one message; ``data`` (the encoded data set in pieces) is not copied."""
        self.send_encoded(context_id, commands.encode(command), data)

    def send_encoded(
        self, context_id: int, encoded: bytes, data: Sequence[Buffer] | None = None
    ) -> None:
        """Send one message whose command set is encoded already."""
        self.send_pieces(self.pieces(context_id, encoded, data))

    def send_pieces(self, pieces: Sequence[Buffer]) -> None:
        """Send one message that ``pieces`` has cut into PDUs."""
        self._midway = True
        try:
            self._transport.send(pieces, self.deadline)
            self._midway = False
        except AssociationAborted as error:
            raise self._told(error) from error

    def pieces(
        self, context_id: int, command: bytes, data: Sequence[Buffer] | None
    ) -> list[Buffer]:
        """A message as PDUs that the peer takes: headers and slices, nothing copied."""
        max_pdu = self.evidence.max_pdu
        found = list(fragments(context_id, [command], max_pdu, command=True))
        if data is not None:
            found += fragments(context_id, data, max_pdu, command=False)
        return found

    def receive(self, most: int | None = None) -> Message:
        """Wait for one whole message.

        most: bytes its data set may have; by default the limit for identifiers. The whole message
        has to come within the peer's response_timeout; with ``most`` given, each PDU of its data.
        Raises ProtocolViolation, PeerTimeout, AssociationAborted, or what the deadline raises.
        """
        until = time.monotonic() + self.peer.response_timeout
        limit = self.peer.limits.identifier if most is None else most
        message: _Assembly | None = None
        while True:
            if not self._pdvs:
                self._read_data(until)
            context_id, control, value = self._pdvs.pop(0)
            if message is None:
                message = _Assembly(context_id, None, bytearray())
            self._check_fragment(message, context_id, control, value)
            message.part += value
            in_command = message.command is None
            if len(message.part) > (self.peer.limits.command if in_command else limit):
                raise self._violation(
                    f"a {'command set' if in_command else 'data set'} larger than allowed "
                    f"({len(message.part)} bytes and more)"
                )
            if control & LAST:
                if message.command is not None:
                    return Message(context_id, message.command, message.part)
                message.command = self._decode(message.part)
                kind = commands.number(message.command, Element.COMMAND_DATA_SET_TYPE)
                if kind in (None, commands.NO_DATA_SET):
                    return Message(context_id, message.command, None)
                message.part = bytearray()
            if message.command is not None and most is not None:
                until = time.monotonic() + self.peer.response_timeout

    def _check_fragment(
        self, message: _Assembly, context_id: int, control: int, value: memoryview
    ) -> None:
        if context_id != message.context_id:
            raise self._violation(
                f"a message changes from presentation context {message.context_id} to {context_id}"
            )
        if bool(control & COMMAND) != (message.command is None):
            expected = "command" if message.command is None else "data set"
            raise self._violation(f"a fragment of another kind where a {expected} fragment belongs")
        if not value and not control & LAST:
            raise self._violation("an empty fragment that is not the last one")

    def _decode(self, part: bytearray) -> Command:
        try:
            return commands.decode(part)
        except commands.CommandSetError as error:
            raise self._violation(str(error)) from error

    def hears(self, expected: bytes) -> bool:
        """Wait for what comes next, and whether it is exactly that PDU, which then has been read.

        Whatever else comes is left to be received. Raises as ``receive`` does.
        """
        if self._pdvs:
            return False
        until = time.monotonic() + self.peer.response_timeout
        return self._transport.take(expected, self.deadline, until)

    def response(self, request: Field, message_id: int, context_id: int) -> Message:
        """Wait for the response to a request and hold it to the request (PS3.7 9.3).

        Raises ProtocolViolation when it answers another message, another operation, on another
        presentation context, or has no status.
        """
        message = self.receive()
        self.expect(message, request, message_id, context_id)
        return message

    def expect(self, message: Message, request: Field, message_id: int, context_id: int) -> None:
        """Check that a message is the response to that request, as ``response`` does."""
        command = message.command
        kind = commands.number(command, Element.COMMAND_FIELD)
        if kind != request | 0x8000:
            raise self._violation(
                f"a message with CommandField {kind:04X}H where an answer belongs"
            )
        answered = commands.number(command, Element.MESSAGE_ID_BEING_RESPONDED_TO)
        if answered != message_id:
            raise self._violation(
                f"an answer to message {answered}, but message {message_id} was sent"
            )
        if message.context_id != context_id:
            raise self._violation(
                f"an answer on presentation context {message.context_id}, not {context_id}"
            )
        if commands.number(command, Element.STATUS) is None:
            raise self._violation("an answer without a Status (0000,0900)")

    def idle(self, seconds: float) -> bool:
        """Wait so long at most; whether the peer still has said nothing by then."""
        return not self._pdvs and not self._transport.readable(min(seconds, SLICE), self.deadline)

    def _read_data(self, until: float) -> None:
        kind, body = read_pdu(self._transport, self.peer, self.deadline, until)
        if kind == pdu.P_DATA:
            self.last_pdu = body
            self._pdvs = self._split(body)
            return
        self._open = False
        if kind == pdu.RELEASE_RQ:
            with contextlib.suppress(FabricatorError):
                self._transport.send([struct.pack(">BxI4x", pdu.RELEASE_RP, 4)], self.deadline)
        self._transport.close()
        if kind == pdu.ABORT:
            raise negotiation.aborted(self.peer, body)
        if kind == pdu.RELEASE_RQ:
            raise self.peer.error(
                Released,
                "association released",
                "the peer asked to release the association while an answer was awaited",
            )
        raise self._violation(f"a {pdu.name(kind)} where an answer belongs")

    def _split(self, body: bytes) -> list[tuple[int, int, memoryview]]:
        view = memoryview(body)[6:]
        found = []
        while view:
            if len(view) < 6:
                raise self._violation("a P-DATA-TF that ends within a PDV header")
            length, context_id, control = struct.unpack_from(">IBB", view)
            if length < 2 or length > len(view) - 4:
                raise self._violation(
                    f"a PDV that claims {length} bytes in a PDU of {len(body) - 6}"
                )
            found.append((context_id, control, view[6 : 4 + length]))
            view = view[4 + length :]
        if not found:
            raise self._violation("a P-DATA-TF without a PDV")
        return found

    def _violation(self, what: str) -> ProtocolViolation:
        return self.peer.error(ProtocolViolation, "the peer broke the protocol", f"it sent {what}")

    def _told(self, error: TargetError) -> TargetError:
        """The peer's own A-ABORT instead of ``error``, if one arrived before the connection broke."""
        unread = self._transport.waiting()
        while len(unread) >= 6:
            size = 6 + struct.unpack_from(">I", unread, 2)[0]
            if unread[0] == pdu.ABORT:
                return negotiation.aborted(self.peer, unread[:10])
            unread = unread[size:]
        return error

    def release(self) -> None:
        """End in good order; a peer that does not answer is simply left. May be called twice."""
        if not self._open:
            return
        self._open = False
        patience = min(_RELEASE_PATIENCE, self.peer.response_timeout)
        until = time.monotonic() + patience
        # The work is done and acknowledged: a peer that fumbles its goodbye changes nothing about it.
        with contextlib.suppress(FabricatorError):
            self._transport.send([struct.pack(">BxI4x", pdu.RELEASE_RQ, 4)], self.deadline)
            kind = pdu.P_DATA
            while kind == pdu.P_DATA:
                kind, _ = read_pdu(self._transport, self.peer, self.deadline, until)
        self._transport.close()

    def abort(self) -> None:
        """Tell the peer, if it still listens, and let go. May be called twice."""
        if not self._open:
            return
        self._open = False
        # In the middle of a PDU an A-ABORT would be taken for its data, and could even complete it.
        if not self._midway:
            with contextlib.suppress(FabricatorError):
                # A second at most: what made us abort may well be a peer that takes nothing.
                self._transport.send([struct.pack(">BxI4x", pdu.ABORT, 4)], Deadline(1.0))
        self._transport.close()


def _answer(
    transport: Transport, peer: Peer, proposals: Sequence[Proposal], deadline: Deadline
) -> negotiation.Answer:
    """Wait for the answer to an association request; anything but acceptance is raised."""
    until = time.monotonic() + peer.patience("association")
    try:
        kind, body = read_pdu(transport, peer, deadline, until, "association")
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
    if kind == pdu.ASSOCIATE_RJ:
        raise negotiation.rejected(peer, body)
    if kind == pdu.ABORT:
        raise negotiation.aborted(peer, body)
    if kind != pdu.ASSOCIATE_AC:
        raise peer.error(
            ProtocolViolation,
            "no answer to the association request",
            f"the peer sent a {pdu.name(kind)} instead",
        )
    return negotiation.accepted(peer, proposals, body)
