"""An accepted association: messages put together from PDVs, and answered (PS3.7, PS3.8 annex E)."""

from __future__ import annotations

import struct
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from scenario_runner.pacs.connection import ClosedError, Connection
from scenario_runner.ul.associate_pdus import AssociationRequest, Context, MalformedPduError
from scenario_runner.ul.commands import (
    NO_DATA_SET,
    WITH_DATA_SET,
    Command,
    CommandSetError,
    Element,
    Field,
    decode,
    encode,
    number,
    text,
)
from scenario_runner.ul.fragments import COMMAND, LAST, fragments
from scenario_runner.ul.pdu import ABORT, P_DATA, RELEASE_RQ

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.pacs.options import PacsOptions

Piece = bytes | bytearray | memoryview

_COMMAND_MAX: Final = 1 << 16
_IDENTIFIER_MAX: Final = 1 << 22
_RESPONSE: Final = 0x8000
"""The bit of the Command Field that tells a response from a request (PS3.7 E.1-1)."""
_MOST_WAITING: Final = 100
_SHORT_PDU: Final = 1 << 16
_RELEASE_RP: Final = b"\6\0\0\0\0\4\0\0\0\0"


class Released(Exception):  # the regular end of an association, not an error
    """The peer asked for release and got it."""


class Aborted(Exception):  # named for the A-ABORT that was received
    """The peer aborted."""


@dataclass(slots=True)
class Message:
    """A DIMSE message. data: the data set in pieces, or nothing."""

    context_id: int
    command: Command
    data: list[Piece] = field(default_factory=list)

    @property
    def id(self) -> int:
        """Message ID (0000,0110)."""
        return number(self.command, Element.MESSAGE_ID) or 0

    @property
    def kind(self) -> int:
        """Command Field (0000,0100)."""
        return number(self.command, Element.COMMAND_FIELD) or 0

    @property
    def sop_class_uid(self) -> str:
        """Affected (0000,0002), or in N-ACTION and N-SET Requested SOP Class UID (0000,0003)."""
        return text(self.command, Element.AFFECTED_SOP_CLASS_UID) or text(
            self.command, Element.REQUESTED_SOP_CLASS_UID
        )

    @property
    def sop_instance_uid(self) -> str:
        """Affected (0000,1000), or in N-ACTION and N-SET Requested SOP Instance UID (0000,1001)."""
        return text(self.command, Element.AFFECTED_SOP_INSTANCE_UID) or text(
            self.command, Element.REQUESTED_SOP_INSTANCE_UID
        )


class Association:
    """Messages of one association. Used by one thread."""

    def __init__(
        self,
        connection: Connection,
        request: AssociationRequest,
        contexts: Sequence[Context],
        options: PacsOptions,
    ) -> None:
        self.request = request
        self.contexts = {context.id: context for context in contexts if context.result == 0}
        self.options = options
        self.connection = connection
        self.answers: Counter[str] = Counter()
        """How many requests of each operation have come, for faults."""
        self.success = (0, "")
        """Status and comment that success is answered with; another one is a fault."""
        self._arrived: deque[Message] = deque()
        self._cancelled: set[int] = set()
        self._partial: Message | None = None
        self._pieces: list[Piece] = []
        self._size = 0

    def receive(self) -> Message:
        """The next message. Raises Released, Aborted, ClosedError, TimeoutError, MalformedPduError."""
        while not self._arrived:
            self._read_pdu()
        return self._arrived.popleft()

    def response(self, kind: int) -> Message:
        """The answer to a request of ours; requests of the peer that come before it stay for ``receive``.

        Raises as ``receive`` does, and MalformedPduError for an answer to something else.
        """
        waiting: list[Message] = []
        try:
            while True:
                message = self.receive()
                if message.kind == kind:
                    return message
                if message.kind & _RESPONSE or len(waiting) >= _MOST_WAITING:
                    raise MalformedPduError("a request of ours was answered by something else")
                waiting.append(message)
        finally:
            self._arrived.extendleft(reversed(waiting))

    def is_cancelled(self, message_id: int) -> bool:
        """Whether a C-CANCEL for that message has come; other messages stay for ``receive``."""
        while message_id not in self._cancelled and self.connection.has_more():
            self._read_pdu()
        return message_id in self._cancelled

    def respond(
        self,
        to: Message,
        status: int,
        elements: Command | None = None,
        data: Sequence[Piece] = (),
    ) -> None:
        """Send the response to a request: its class and instance, the status, and what is given."""
        comment = ""
        if status == 0:
            status, comment = self.success
        command: dict[int, int | str] = {
            Element.COMMAND_FIELD: to.kind | 0x8000,
            Element.MESSAGE_ID_BEING_RESPONDED_TO: to.id,
            Element.STATUS: status,
        }
        if to.sop_class_uid:
            command[Element.AFFECTED_SOP_CLASS_UID] = to.sop_class_uid
        if to.sop_instance_uid:
            command[Element.AFFECTED_SOP_INSTANCE_UID] = to.sop_instance_uid
        if comment:
            command[Element.ERROR_COMMENT] = comment
        command.update(elements or {})
        self.send(to.context_id, command, data)

    def send(self, context_id: int, command: Command, data: Sequence[Piece] = ()) -> None:
        """Send a message in PDUs no longer than the peer takes."""
        whole = {
            **command,
            Element.COMMAND_DATA_SET_TYPE: WITH_DATA_SET if data else NO_DATA_SET,
        }
        maximum = self.request.maximum_pdu
        parts = [*fragments(context_id, [encode(whole)], maximum, command=True)]
        if data:
            parts += fragments(context_id, data, maximum, command=False)
        self.connection.send(parts, timeout=self.options.idle_timeout)

    def abort(self, source: int = 2, reason: int = 0) -> None:
        """Send A-ABORT (PS3.8 9.3.8); source 2 is the service provider."""
        self.connection.send([struct.pack(">BxLxxBB", ABORT, 4, source, reason)], timeout=1.0)

    def _read_pdu(self) -> None:
        longest = max(self.options.maximum_pdu, _SHORT_PDU)
        kind, body = self.connection.read_pdu(longest=longest, timeout=self.options.idle_timeout)
        if kind == P_DATA:
            self._take_values(memoryview(body))
        elif kind == RELEASE_RQ:
            self.connection.send([_RELEASE_RP], timeout=1.0)
            raise Released
        elif kind == ABORT:
            raise Aborted
        else:
            raise MalformedPduError(f"a PDU of type {kind:02X} has no place here")

    def _take_values(self, body: memoryview) -> None:
        at = 0
        while at < len(body):
            if at + 6 > len(body):
                raise MalformedPduError("a PDV is cut short")
            length, context_id, control = struct.unpack_from(">LBB", body, at)
            if length < 2 or at + 4 + length > len(body):
                raise MalformedPduError("a PDV is longer than its PDU")
            self._take(context_id, control, body[at + 6 : at + 4 + length])
            at += 4 + length

    def _take(self, context_id: int, control: int, value: memoryview) -> None:
        if context_id not in self.contexts:
            raise MalformedPduError(f"presentation context {context_id} was not accepted")
        self._pieces.append(value)
        self._size += len(value)
        is_command = bool(control & COMMAND)
        if is_command != (self._partial is None):
            raise MalformedPduError("command and data set are interleaved")
        if self._size > self._limit():
            raise MalformedPduError("a message is longer than we take")
        if control & LAST:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._finish(context_id, pieces)

    def _limit(self) -> int:
        if self._partial is None:
            return _COMMAND_MAX
        if self._partial.kind == Field.C_STORE_RQ:
            return self.options.maximum_instance
        return _IDENTIFIER_MAX

    def _finish(self, context_id: int, pieces: list[Piece]) -> None:
        if self._partial is None:
            try:
                message = Message(context_id, decode(b"".join(pieces)))
            except CommandSetError as error:
                raise MalformedPduError(str(error)) from error
            if number(message.command, Element.COMMAND_DATA_SET_TYPE) != NO_DATA_SET:
                self._partial = message
                return
        else:
            message, self._partial = self._partial, None
            message.data = pieces
        if message.kind == Field.C_CANCEL_RQ:
            self._cancelled.add(number(message.command, Element.MESSAGE_ID_BEING_RESPONDED_TO) or 0)
        else:
            self._arrived.append(message)


__all__ = ["Aborted", "Association", "ClosedError", "Message", "Released"]
