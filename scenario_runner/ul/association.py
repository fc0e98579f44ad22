"""One association, asked for or accepted: exchange messages, release or abort."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    FabricatorError,
    NoAcceptedContext,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.ul import accepting, commands, pdu, refusals, requesting
from scenario_runner.ul.commands import Command, Element, Field, number
from scenario_runner.ul.connecting import connect
from scenario_runner.ul.contexts import Context, Proposal, refusal
from scenario_runner.ul.fragments import Alike, fragments
from scenario_runner.ul.messages import RESPONSE, Assembler, MalformedMessageError, Message
from scenario_runner.ul.reading import read_pdu
from scenario_runner.ul.transport import SLICE, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from scenario_runner.ul.accepting import Judge
    from scenario_runner.ul.evidence import AssociationEvidence
    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Peer

_RELEASE_PATIENCE: Final = 2.0
"""Seconds; a peer that never answers a release costs nothing but these."""
_MOST_ASIDE: Final = 100
"""Requests of a peer that wait until it has answered one of ours."""


class Released(AssociationAborted):
    """The peer released the association; the good end of one that it opened."""


class Association:
    """An open association. A context manager: leaves by release, by abort after an exception.

    Not for use by two threads at once, but for ``interrupt``. Every wait answers to the deadline given
    at ``open`` or ``accept``.
    """

    def __init__(
        self,
        peer: Peer,
        transport: Transport,
        evidence: AssociationEvidence,
        deadline: Deadline,
        *,
        requestor: bool,
    ) -> None:
        self.peer = peer
        self.evidence = evidence
        self.deadline = deadline
        self.contexts = {context.id: context for context in evidence.contexts if context.accepted}
        """The accepted ones by their ids."""
        self.last_pdu: Buffer = b""
        """The P-DATA-TF read last, whole, of an association that we asked for."""
        self._transport = transport
        self._requestor = requestor
        self._open = True
        self._midway = False
        self._message_id = 0
        self._assembler = Assembler(peer.limits, self.contexts, evidence.note)
        self._arrived: deque[Message] = deque()
        self._cancelled: set[int] = set()
        self._used: set[int] = set()

    @classmethod
    def open(cls, peer: Peer, proposals: Sequence[Proposal], deadline: Deadline) -> Self:
        """Connect and negotiate.

        Raises ConnectionFailed, AssociationRejected, AssociationAborted, PeerTimeout,
        ProtocolViolation, or what the deadline raises; ValueError for proposals that cannot be made.
        That no context was accepted is no error here; see ``context``.
        """
        asked = requesting.request(peer, proposals)
        began = time.monotonic()
        transport = connect(peer, deadline)
        seconds = time.monotonic() - began
        try:
            evidence = requesting.negotiate(transport, peer, proposals, asked, deadline, seconds)
        except BaseException:
            transport.close()
            raise
        if peer.seen is not None:
            peer.seen(evidence, frozenset())
        return cls(peer, transport, evidence, deadline, requestor=True)

    @classmethod
    def accept(
        cls, transport: Transport, peer: Peer, judge: Judge, deadline: Deadline
    ) -> Self | None:
        """Take an association on a connection that a peer has opened; None when ``judge`` refuses it.

        peer: who connected, with our AE title as its ``calling_ae_title``. Raises ProtocolViolation,
        PeerTimeout, AssociationAborted, or what the deadline raises; the connection stays open then.
        """
        agreed = accepting.negotiate(transport, peer, judge, deadline)
        if agreed is None:
            return None
        who, evidence = agreed
        return cls(who, transport, evidence, deadline, requestor=False)

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
        reason = refusal(candidates[0], candidates) if candidates else "never proposed"
        raise self.peer.error(NoAcceptedContext, f"the peer does not offer {what}", reason)

    def next_message_id(self) -> int:
        """A message id that is free: 1 to 65535, then from the beginning."""
        self._message_id = self._message_id % 0xFFFF + 1
        return self._message_id

    def send(self, context_id: int, command: Command, data: Sequence[Buffer] | None = None) -> None:
        """Send one message; ``data`` (the encoded data set in pieces) is not copied.

        Whether a data set follows is said by this, whatever ``command`` has.
        """
        follows = commands.NO_DATA_SET if data is None else commands.WITH_DATA_SET
        whole = {**command, Element.COMMAND_DATA_SET_TYPE: follows}
        self.send_pieces(self.pieces(context_id, commands.encode(whole), data))

    def respond(
        self,
        to: Message,
        status: int,
        elements: Command | None = None,
        data: Sequence[Buffer] | None = None,
    ) -> None:
        """Answer a request: its class, instance and event type again, the status, and what is given."""
        self.send(to.context_id, {**response_to(to, status), **(elements or {})}, data)

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
        self._used.add(context_id)
        max_pdu = self.evidence.max_pdu
        found = list(fragments(context_id, [command], max_pdu, command=True))
        if data is not None:
            found += fragments(context_id, data, max_pdu, command=False)
        return found

    def alike(self, context_id: int, command: Command) -> Alike:
        """What makes messages of this command set, each with a data set, as ``pieces`` cuts them."""
        self._used.add(context_id)
        whole = {**command, Element.COMMAND_DATA_SET_TYPE: commands.WITH_DATA_SET}
        return Alike(context_id, commands.encode(whole), self.evidence.max_pdu)

    def receive(self) -> Message:
        """Wait for one whole message.

        It has to come within the peer's response_timeout; of an instance, which may be long, each PDU.
        Raises ProtocolViolation, PeerTimeout, AssociationAborted, Released, or what the deadline raises.
        """
        until = time.monotonic() + self.peer.response_timeout
        while not self._arrived:
            self._read(until)
            if self._assembler.takes_instance:
                until = time.monotonic() + self.peer.response_timeout
        return self._arrived.popleft()

    def response(self, request: Field, message_id: int, context_id: int) -> Message:
        """Wait for the response to a request and hold it to the request (PS3.7 9.3).

        A request that the peer makes meanwhile, as it may, stays for ``receive``; from one that we asked
        for the association that can be an event report only. Raises ProtocolViolation when it answers
        another message, another operation, on another presentation context, or has no status.
        """
        aside: list[Message] = []
        try:
            while True:
                message = self.receive()
                if not self._may_wait(message) or len(aside) >= _MOST_ASIDE:
                    self.expect(message, request, message_id, context_id)
                    return message
                aside.append(message)
        finally:
            self._arrived.extendleft(reversed(aside))

    def _may_wait(self, message: Message) -> bool:
        if self._requestor:
            return message.kind == Field.N_EVENT_REPORT_RQ
        return not message.kind & RESPONSE

    def expect(self, message: Message, request: Field, message_id: int, context_id: int) -> None:
        """Check that a message is the response to that request, as ``response`` does."""
        if message.kind != request | RESPONSE:
            raise self._violation(
                f"a message with CommandField {message.kind:04X}H where an answer belongs"
            )
        answered = number(message.command, Element.MESSAGE_ID_BEING_RESPONDED_TO)
        if answered != message_id:
            raise self._violation(
                f"an answer to message {answered}, but message {message_id} was sent"
            )
        if message.context_id != context_id:
            raise self._violation(
                f"an answer on presentation context {message.context_id}, not {context_id}"
            )
        if number(message.command, Element.STATUS) is None:
            raise self._violation("an answer without a Status (0000,0900)")

    def hears(self, expected: bytes) -> bool:
        """Wait for what comes next, and whether it is exactly that PDU, which then has been read.

        Whatever else comes is left to be received. Raises as ``receive`` does.
        """
        if self._arrived or self._assembler.begun:
            return False
        until = time.monotonic() + self.peer.response_timeout
        return self._transport.take(expected, self.deadline, until)

    @property
    def departed(self) -> float:
        """time.monotonic() when the first bytes of what was sent last were handed to the system."""
        return self._transport.departed

    @property
    def arrived(self) -> float:
        """time.monotonic() when what was read last had come, by the kernel where it says so."""
        return self._transport.arrived

    def idle(self, seconds: float) -> bool:
        """Wait so long at most; whether the peer still has said nothing by then."""
        return not self._arrived and not self._transport.readable(
            min(seconds, SLICE), self.deadline
        )

    def has_more(self) -> bool:
        """Whether the peer has sent something, or has ended the connection; does not wait."""
        return bool(self._arrived) or self._transport.has_more()

    def is_cancelled(self, message_id: int) -> bool:
        """Whether a C-CANCEL for that message has come; other messages stay for ``receive``."""
        while message_id not in self._cancelled and self._transport.has_more():
            self._read(time.monotonic() + self.peer.response_timeout)
        return message_id in self._cancelled

    def _read(self, until: float) -> None:
        """Take one PDU. Raises as ``receive`` does."""
        kind, whole = read_pdu(self._transport, self.peer, self.deadline, until)
        body = memoryview(whole)[pdu.HEADER.size :]
        if kind == pdu.P_DATA:
            if self._requestor:
                self.last_pdu = whole
            if len(body) > self.peer.limits.pdu:
                self.evidence.note("sent P-DATA-TFs longer than the maximum it was told")
            try:
                for message in self._assembler.take(body):
                    self._file(message)
            except MalformedMessageError as error:
                raise self._violation(str(error)) from error
            return
        self._open = False
        if kind == pdu.RELEASE_RQ:
            with contextlib.suppress(FabricatorError):
                self._transport.send([pdu.release(pdu.RELEASE_RP)], self.deadline)
            self._end()
            raise self.peer.error(
                Released,
                "association released",
                "the peer asked to release the association while an answer was awaited",
            )
        if kind == pdu.ABORT:
            self._transport.close()
            raise refusals.aborted(self.peer, body, asked=self._requestor and not self.last_pdu)
        self._open = True
        raise self._violation(f"a {pdu.name(kind)} where a message belongs")

    def _file(self, message: Message) -> None:
        if message.kind == Field.C_CANCEL_RQ and not self._requestor:
            self._cancelled.add(number(message.command, Element.MESSAGE_ID_BEING_RESPONDED_TO) or 0)
        else:
            self._arrived.append(message)

    def _violation(self, what: str) -> ProtocolViolation:
        return self.peer.error(ProtocolViolation, "the peer broke the protocol", f"it sent {what}")

    def _told(self, error: TargetError) -> TargetError:
        """The peer's own A-ABORT instead of ``error``, if one arrived before the connection broke."""
        unread = self._transport.waiting()
        while len(unread) >= pdu.HEADER.size:
            kind, length = pdu.HEADER.unpack_from(unread)
            body = unread[pdu.HEADER.size : pdu.HEADER.size + length]
            if kind == pdu.ABORT:
                return refusals.aborted(self.peer, body)
            unread = unread[pdu.HEADER.size + length :]
        return error

    def release(self) -> None:
        """End in good order; a peer that does not answer is simply left. May be called twice."""
        if not self._open:
            return
        self._open = False
        if self.peer.seen is not None and self._used:
            self.peer.seen(self.evidence, frozenset(self._used))
        until = time.monotonic() + min(_RELEASE_PATIENCE, self.peer.response_timeout)
        # The work is done and acknowledged: a peer that fumbles its goodbye changes nothing about it.
        with contextlib.suppress(FabricatorError):
            self._transport.send([pdu.release(pdu.RELEASE_RQ)], self.deadline)
            kind = pdu.P_DATA
            while kind in (pdu.P_DATA, pdu.RELEASE_RQ):
                kind, _ = read_pdu(self._transport, self.peer, self.deadline, until)
                if kind == pdu.RELEASE_RQ:
                    # Both at once: whoever asked for the association answers first (PS3.8 7.2.2.7).
                    self._transport.send([pdu.release(pdu.RELEASE_RP)], self.deadline)
        self._transport.close()

    def abort(self, source: int = pdu.SERVICE_USER) -> None:
        """Tell the peer, if it still listens, and let go. May be called twice."""
        if not self._open:
            return
        self._open = False
        if self.peer.seen is not None and self._used:
            self.peer.seen(self.evidence, frozenset(self._used))
        # In the middle of a PDU an A-ABORT would be taken for its data, and could even complete it.
        if not self._midway:
            with contextlib.suppress(FabricatorError):
                # A second at most: what made us abort may well be a peer that takes nothing.
                self._transport.send([pdu.abort(source)], Deadline(1.0))
        self._end()

    def interrupt(self) -> None:
        """Break the connection off without a word; may be called from another thread."""
        self._transport.interrupt()

    def _end(self) -> None:
        """Close; where the peer opened the connection, it closes first (PS3.8 9.2.3, Sta13)."""
        if self._requestor:
            self._transport.close()
        else:
            self._transport.finish()


def response_to(to: Message, status: int) -> dict[int, int | str]:
    """The command set that answers a request: its class, instance and event type again, and the status."""
    command: dict[int, int | str] = {
        Element.COMMAND_FIELD: to.kind | RESPONSE,
        Element.MESSAGE_ID_BEING_RESPONDED_TO: to.id,
        Element.STATUS: status,
    }
    if to.sop_class_uid:
        command[Element.AFFECTED_SOP_CLASS_UID] = to.sop_class_uid
    if to.sop_instance_uid:
        command[Element.AFFECTED_SOP_INSTANCE_UID] = to.sop_instance_uid
    event = number(to.command, Element.EVENT_TYPE_ID)
    if event is not None:
        command[Element.EVENT_TYPE_ID] = event
    return command
