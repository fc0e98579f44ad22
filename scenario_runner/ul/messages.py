"""DIMSE messages put together from the fragments they come in (PS3.7 6.3, PS3.8 annex E)."""

from __future__ import annotations

import struct
from dataclasses import field
from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul import commands
from scenario_runner.ul.commands import Command, Element, Field, number, text
from scenario_runner.ul.fragments import COMMAND, LAST

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from scenario_runner.ul.pdu import Buffer
    from scenario_runner.ul.peer import Limits

RESPONSE: Final = 0x8000
"""The bit of the Command Field that tells a response from a request (PS3.7 E.1)."""
_PDV: Final = struct.Struct(">LBB")
"""Length, presentation context id, message control header."""
_SMALL: Final = 0x400
"""Bytes of a fragment below which it is put to the one before: a piece costs more than it holds."""
_MOST_EMPTY: Final = 1000


class MalformedMessageError(ValueError):
    """The fragments make no message; the text says what was sent."""


@dataclass(slots=True)
class Message:
    """A DIMSE message. data: its data set in the pieces it came in, None when it has none."""

    context_id: int
    command: Command
    data: list[Buffer] | None = None
    kind: int = field(init=False)
    """Command Field (0000,0100)."""

    def __post_init__(self) -> None:
        self.kind = number(self.command, Element.COMMAND_FIELD) or 0

    @property
    def id(self) -> int:
        """Message ID (0000,0110)."""
        return number(self.command, Element.MESSAGE_ID) or 0

    @property
    def status(self) -> int:
        """Status (0000,0900) of a response, which ``Association.response`` has seen to."""
        return number(self.command, Element.STATUS) or 0

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

    def whole(self) -> bytes:
        """The data set in one piece, empty when there is none; for what is not large."""
        return b"".join(self.data or ())


class Assembler:
    """Puts fragments together, within limits. Raises MalformedMessageError.

    contexts: ids that were accepted. note: told what is sloppy and yet clear.
    """

    def __init__(
        self, limits: Limits, contexts: Container[int], note: Callable[[str], None]
    ) -> None:
        self._limits = limits
        self._contexts = contexts
        self._note = note
        self._context_id = 0
        self._message: Message | None = None
        """One whose command set is whole and whose data set is not."""
        self._pieces: list[Buffer] = []
        self._size = 0
        self._empty = 0

    @property
    def begun(self) -> bool:
        """Whether a message is under way."""
        return self._message is not None or self._size > 0

    @property
    def takes_instance(self) -> bool:
        """Whether the data set of a C-STORE is under way, which may be long."""
        return self._message is not None and self._message.kind == Field.C_STORE_RQ

    def take(self, body: memoryview) -> Iterator[Message]:
        """The messages that a P-DATA-TF, without its header, completes."""
        at, end = 0, len(body)
        if not end:
            self._nothing("a P-DATA-TF without a PDV")
        while at < end:
            if at + _PDV.size > end:
                raise MalformedMessageError("a P-DATA-TF that ends within a PDV header")
            length, context_id, control = _PDV.unpack_from(body, at)
            if length < 2 or at + 4 + length > end:
                raise MalformedMessageError(f"a PDV that claims {length} bytes in a PDU of {end}")
            message = self._fragment(context_id, control, body[at + 6 : at + 4 + length])
            if message is not None:
                yield message
            at += 4 + length

    def _fragment(self, context_id: int, control: int, value: memoryview) -> Message | None:
        if not self.begun:
            if context_id not in self._contexts:
                raise MalformedMessageError(
                    f"a message in presentation context {context_id}, which was not accepted"
                )
            self._context_id = context_id
        elif context_id != self._context_id:
            raise MalformedMessageError(
                f"a message that changes from presentation context {self._context_id} to {context_id}"
            )
        if bool(control & COMMAND) != (self._message is None):
            expected = "command" if self._message is None else "data set"
            raise MalformedMessageError(
                f"a fragment of another kind where a {expected} fragment belongs"
            )
        if not value and not control & LAST:
            self._nothing("an empty fragment that is not the last one")
            return None
        self._keep(value)
        return self._end() if control & LAST else None

    def _keep(self, value: memoryview) -> None:
        self._size += len(value)
        if self._message is None:
            what, most = "command set", self._limits.command
        elif self._message.kind == Field.C_STORE_RQ:
            what, most = "data set", self._limits.instance
        elif self._message.kind in (Field.N_ACTION_RQ, Field.N_EVENT_REPORT_RQ):
            what, most = "data set", self._limits.information
        else:
            what, most = "data set", self._limits.identifier
        if self._size > most:
            raise MalformedMessageError(
                f"a {what} larger than allowed ({self._size} bytes and more, {most} are)"
            )
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(value) < _SMALL:
            last += value
        else:
            self._pieces.append(bytearray(value) if len(value) < _SMALL else value)

    def _nothing(self, what: str) -> None:
        self._empty += 1
        if self._empty > _MOST_EMPTY:
            raise MalformedMessageError(f"{what}, and more than {_MOST_EMPTY} times")
        self._note(f"sent {what}")

    def _end(self) -> Message | None:
        pieces, self._pieces, self._size, self._empty = self._pieces, [], 0, 0
        if self._message is not None:
            message, self._message = self._message, None
            message.data = pieces
            return message
        try:
            command = commands.decode(b"".join(pieces), self._note)
        except commands.CommandSetError as error:
            raise MalformedMessageError(str(error)) from error
        message = Message(self._context_id, command)
        if number(command, Element.COMMAND_DATA_SET_TYPE) in (None, commands.NO_DATA_SET):
            return message
        self._message = message
        return None
