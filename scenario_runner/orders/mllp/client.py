"""Messages sent over MLLP, each held to its acknowledgement (HL7 v2.5.1 2.9.2, 2.9.3)."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, Final, Self

from scenario_runner.amounts import amount
from scenario_runner.answers import Acknowledged
from scenario_runner.errors import (
    AssociationAborted,
    FabricatorError,
    PeerTimeout,
    ProtocolViolation,
    StepTimeout,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7.message import Hl7Error, Message
from scenario_runner.orders.mllp.framing import Blocks, TooLargeError, framed, is_tls
from scenario_runner.ul.connecting import connect

if TYPE_CHECKING:
    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.transport import Transport

ACCEPT: Final = ("CA", "CE", "CR")
"""Commit acknowledgements of the enhanced mode: received, error, rejected (HL7 table 0008)."""
APPLICATION: Final = ("AA", "AE", "AR")
_LARGEST: Final = 1 << 24
"""Bytes of an acknowledgement, which may hold a whole response."""
_RECEIVE: Final = 1 << 16


@dataclass(slots=True)
class Mllp:
    """A connection to a receiver. Used by one thread; several messages may go over it in turn."""

    peer: Peer
    _transport: Transport
    _blocks: Blocks = field(default_factory=lambda: Blocks(_LARGEST))
    _arrived: deque[bytes] = field(default_factory=deque)
    _heard: bool = False
    """Whether anything ever came."""

    @classmethod
    def open(cls, peer: Peer, deadline: Deadline) -> Self:
        """Connect. Raises ConnectionFailed, or what the deadline raises."""
        return cls(peer, connect(peer, deadline))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def send(self, data: bytes, deadline: Deadline) -> Acknowledged:
        """Send a message and wait for its acknowledgement.

        In enhanced mode (MSH-15 or MSH-16 are given) the commit acknowledgement comes first; the
        application's is waited for where MSH-16 asks for one. An acknowledgement of another message is
        noted, and the right one waited for; of data that is no message, the first is. Raises PeerTimeout,
        AssociationAborted when the peer hangs up, ProtocolViolation for what is no acknowledgement.
        """
        asked, both = _asked(data)
        began = time.monotonic()
        self._transport.send([framed(data)], deadline)
        until = began + self.peer.response_timeout
        remarks: list[str] = []
        commit = ""
        while True:
            answer = self._next(deadline, until, remarks)
            code, of = answer.text("MSA-1"), answer.text("MSA-2")
            if asked is not None and of != asked:
                remarks.append(f"it acknowledged message '{of}', which was not asked about")
                continue
            if self._arrived and code in APPLICATION:
                further = len(self._arrived)
                remarks.append(f"{amount(further, 'answer')} more came with the acknowledgement")
            if code in ACCEPT and not commit and code == "CA" and both:
                commit = code
                continue
            return Acknowledged(
                code=code,
                text=_words(answer),
                control_id=of,
                message=answer.data,
                commit=commit,
                seconds=time.monotonic() - began,
                remarks=(*remarks, *self._stray()),
            )

    @property
    def _perhaps(self) -> str:
        """What is to be thought of a receiver that hangs up without ever having said anything."""
        if self.peer.tls is not None or self._heard:
            return ""
        return "; a port that is protected by TLS does so"

    def _stray(self) -> list[str]:
        count, self._blocks.stray = self._blocks.stray, 0
        return [f"it sent {count} bytes outside of any block"] if count else []

    def _next(self, deadline: Deadline, until: float, remarks: list[str]) -> Message:
        """The next acknowledgement, whatever it is of."""
        while not self._arrived:
            try:
                came = self._transport.receive(_RECEIVE, deadline, until)
            except StepTimeout as error:
                if not remarks:
                    raise
                raise self._told(
                    PeerTimeout, "no acknowledgement in time", str(error), remarks
                ) from None
            except PeerTimeout as error:
                raise self._told(
                    PeerTimeout, "no acknowledgement in time", error.reason, remarks
                ) from None
            except AssociationAborted as error:
                raise self._told(
                    AssociationAborted, error.message, f"{error.reason}{self._perhaps}", remarks
                ) from None
            if not came:
                half = ", half an answer sent" if self._blocks.midway else ""
                if is_tls(self._blocks.stray_start):
                    half = "; what it sent was TLS, so the port is a protected one"
                reason = f"it closed the connection before it acknowledged the message{half}"
                reason += self._perhaps
                raise self._told(AssociationAborted, "connection closed", reason, remarks)
            self._heard = True
            try:
                self._arrived += self._blocks.feed(came)
            except TooLargeError:
                raise self._told(
                    ProtocolViolation,
                    "no acknowledgement",
                    f"its answer has over {_LARGEST} bytes",
                    remarks,
                ) from None
        data = self._arrived.popleft()
        try:
            answer = Message.read(data, self.peer.host)
            known = answer.text("MSA-1") in (*ACCEPT, *APPLICATION)
        except Hl7Error as error:
            reason = f"its answer cannot be read: {error.diagnostics[0].message}"
            raise self._told(ProtocolViolation, "no acknowledgement", reason, remarks) from error
        if not known:
            said = answer.text("MSA-1")
            reason = (
                f"MSA-1 of its answer is '{said}'"
                if said
                else f"its answer {answer.kind} has no MSA"
            )
            raise self._told(ProtocolViolation, "no acknowledgement", reason, remarks)
        return answer

    def _told(
        self,
        kind: type[PeerTimeout | AssociationAborted | ProtocolViolation],
        message: str,
        reason: str,
        remarks: list[str],
    ) -> FabricatorError:
        return self.peer.error(kind, message, "; ".join((reason, *remarks)))


def _asked(data: bytes) -> tuple[str | None, bool]:
    """The control ID of a message, None of what is none; whether MSH-16 asks for a second answer (table 0155)."""
    try:
        message = Message.read(data)
    except Hl7Error:
        return None, False  # sent to see what the receiver makes of it
    both = bool(message.text("MSH-15")) and message.text("MSH-16") not in ("", "NE")
    return message.control_id, both


def _words(answer: Message) -> str:
    """What an acknowledgement says in words."""
    candidates = ("MSA-3", "ERR-8", "ERR-7", "ERR-5.2", "ERR-3.2", "ERR-1.4.2")
    return next((text for path in candidates if (text := answer.text(path))), "")
