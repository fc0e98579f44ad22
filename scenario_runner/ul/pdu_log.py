"""What went over a connection, PDU by PDU, for the record; on request only.

Command sets are told in words, of data sets no more than their length: no pixel, no patient and no
password is in it.
"""

from __future__ import annotations

import datetime as dt
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import Literal

from scenario_runner.ul import commands, pdu
from scenario_runner.ul.associate_pdus import (
    AssociationAcceptance,
    AssociationRequest,
    MalformedPduError,
    Rejection,
    UserInformation,
)
from scenario_runner.ul.commands import Command, Element, Field
from scenario_runner.ul.fragments import COMMAND, LAST
from scenario_runner.ul.pdu import Buffer
from scenario_runner.ul.words import named, printable

Sink = Callable[[str, str], None]
"""Takes the title of an association and the text of its log, once it is over."""
Side = Literal["->", "<-"]

_FIRST, _LAST = 2000, 500
"""Lines kept of the beginning and of the end of an association."""
_MOST = 0x10000
"""Bytes looked at of one PDU, or of one command set."""


class PduLog:
    """The log of one connection. Sending and receiving may be watched from two threads."""

    def __init__(self, title: str, keep: Sink) -> None:
        self._title = title
        self._keep: Sink | None = keep
        self._lock = threading.Lock()
        self._began = monotonic()
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=_LAST)
        self._left_out = 0
        self._streams: dict[Side, _Stream] = {"->": _Stream(), "<-": _Stream()}
        self._data: tuple[Side, int, int, int] | None = None
        """Fragments of a data set that follow each other: side, context, PDUs, bytes."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        self._head = f"{title}\nbegan {now}; times are seconds since; -> is sent, <- is received\n"

    def sending(self, buffers: Iterable[Buffer]) -> Iterator[Buffer]:
        """Pass the buffers on and note the PDUs they are."""
        for buffer in buffers:
            self._watch("->", buffer)
            yield buffer

    def received(self, whole: Buffer) -> None:
        """Note a PDU that came."""
        self._watch("<-", whole)

    def note(self, words: str) -> None:
        """Note something that is no PDU, such as the end of the connection."""
        with self._lock:
            self._end_of_data()
            self._line("--", words)

    def close(self) -> None:
        """The connection is over: hand the log out. May be called twice."""
        with self._lock:
            keep, self._keep = self._keep, None
            if keep is None:
                return
            self._end_of_data()
            lines = [*self._first]
            if self._left_out:
                lines.append(f"… {self._left_out} lines left out …")
            text = "\n".join([self._head, *lines, *self._last, ""])
        keep(self._title, text)

    def _watch(self, side: Side, buffer: Buffer) -> None:
        with self._lock:
            for kind, length, seen in self._streams[side].feed(memoryview(buffer).cast("B")):
                self._pdu(side, kind, length, seen)

    def _pdu(self, side: Side, kind: int, length: int, seen: bytes) -> None:
        name = pdu.name(kind)
        if kind != pdu.P_DATA:
            self._end_of_data()
            self._line(side, f"{name}  {length} bytes{_described(kind, seen)}")
            return
        if len(seen) < 12:
            self._line(side, f"{name}  {length} bytes")
            return
        at, end = 6, 6 + length
        while at + 6 <= len(seen):
            size, context, control = struct.unpack_from(">IBB", seen, at)
            value, at = seen[at + 6 : at + 4 + size], at + 4 + size
            if size < 2 or at > end:
                self._end_of_data()
                self._line(side, f"{name}  {length} bytes  a PDV that claims {size} bytes")
                return
            if not control & COMMAND:
                self._more_data(side, context, size - 2, last=bool(control & LAST))
                continue
            self._end_of_data()
            words = "a part of a command set"
            if control & LAST:
                try:
                    words = _command(commands.decode(value))
                except commands.CommandSetError as error:
                    words = f"a command set that cannot be read: {error}"
            self._line(side, f"{name}  {length} bytes  context {context}  {words}")

    def _more_data(self, side: Side, context: int, size: int, *, last: bool) -> None:
        count = total = 0
        if self._data is not None and self._data[:2] == (side, context):
            count, total = self._data[2:]
        else:
            self._end_of_data()
        self._data = (side, context, count + 1, total + size)
        if last:
            self._end_of_data(whole=True)

    def _end_of_data(self, *, whole: bool = False) -> None:
        if self._data is None:
            return
        side, context, count, total = self._data
        self._data = None
        times = f" x {count}" if count > 1 else ""
        what = "a data set" if whole else "a part of a data set"
        self._line(side, f"P-DATA-TF{times}  context {context}  {what} of {total} bytes")

    def _line(self, side: str, words: str) -> None:
        line = f"{monotonic() - self._began:10.4f}  {side}  {words}"
        if len(self._first) < _FIRST:
            self._first.append(line)
            return
        if len(self._last) == _LAST:
            self._left_out += 1
        self._last.append(line)


class _Stream:
    """Cuts the bytes of one direction into PDUs, keeping no more of each than is looked at."""

    def __init__(self) -> None:
        self._seen = bytearray()
        self._want = 6
        self._skip = 0

    def feed(self, view: memoryview) -> Iterator[tuple[int, int, bytes]]:
        """Yield type, length and beginning of each PDU, as soon as what is looked at is there."""
        while view:
            if self._skip:
                passed = min(self._skip, len(view))
                view, self._skip = view[passed:], self._skip - passed
                continue
            missing = self._want - len(self._seen)
            self._seen += view[:missing]
            view = view[missing:]
            if len(self._seen) < self._want:
                return
            kind, length = struct.unpack_from(">BxI", self._seen)
            looked_at = 6 + min(self._interesting(kind, length), length)
            if looked_at > len(self._seen):
                self._want = looked_at
                continue
            yield kind, length, bytes(self._seen)
            self._skip = 6 + length - len(self._seen)
            self._seen.clear()
            self._want = 6

    def _interesting(self, kind: int, length: int) -> int:
        """How many bytes after the header are looked at: of a data set only the PDV's header."""
        if kind == pdu.P_DATA and len(self._seen) < 12:
            return 6
        if kind == pdu.P_DATA and not self._seen[11] & COMMAND:
            return 6
        return min(length, _MOST)


def _described(kind: int, raw: bytes) -> str:
    body = raw[pdu.HEADER.size :]
    try:
        if kind == pdu.ASSOCIATE_RQ:
            return _request(AssociationRequest.decode(body))
        if kind == pdu.ASSOCIATE_AC:
            return _acceptance(AssociationAcceptance.decode(body))
    except MalformedPduError as error:
        return f"  cannot be read: {error}"
    if kind == pdu.ASSOCIATE_RJ:
        said = Rejection.decode(body)
        return f"  result {said.result}, source {said.source}, reason {said.reason}"
    if kind == pdu.ABORT:
        source, reason = (body + bytes(4))[2:4]
        return f"  source {source}, reason {reason}"
    return ""


def _request(said: AssociationRequest) -> str:
    lines = [f"  {printable(said.calling_ae_title)} calls {printable(said.called_ae_title)}"]
    for one in said.contexts:
        syntaxes = ", ".join(map(named, one.transfer_syntaxes))
        lines.append(f"context {one.id}: {named(one.abstract_syntax)} in {syntaxes}")
    return _below([*lines, *_user(said.user)])


def _acceptance(said: AssociationAcceptance) -> str:
    lines = [""]
    for one in said.contexts:
        words = "refused" if one.result else f"accepted in {named(one.transfer_syntax)}"
        lines.append(f"context {one.id}: {words} (result {one.result})")
    return _below([*lines, *_user(said.user)])


def _user(said: UserInformation) -> list[str]:
    """User information in words; of an identity only that there is one, and of which type."""
    lines = [
        f"maximum length {said.maximum_pdu}",
        f"implementation {printable(said.implementation_class_uid)} "
        + printable(said.implementation_version_name),
    ]
    for uid, role in said.roles.items():
        lines.append(f"role for {named(uid)}: SCU {role.scu}, SCP {role.scp}")
    for uid, value in said.extended.items():
        lines.append(f"extended negotiation for {named(uid)}: {value[:64].hex()}")
    if said.identity is not None:
        lines.append(f"user identity of type {said.identity.kind}: not shown")
    if said.identity_response is not None:
        lines.append("user identity taken")
    return lines


def _below(lines: list[str]) -> str:
    return ("\n" + " " * 16).join(lines)


_CLASSES = (Element.AFFECTED_SOP_CLASS_UID, Element.REQUESTED_SOP_CLASS_UID)
_INSTANCES = (Element.AFFECTED_SOP_INSTANCE_UID, Element.REQUESTED_SOP_INSTANCE_UID)
_SHOWN = (
    (Element.MOVE_DESTINATION, "destination"),
    (Element.REMAINING, "remaining"),
    (Element.COMPLETED, "completed"),
    (Element.FAILED, "failed"),
    (Element.WARNING, "warning"),
    (Element.EVENT_TYPE_ID, "event type"),
    (Element.ACTION_TYPE_ID, "action type"),
    (Element.ERROR_COMMENT, "comment"),
)


def _command(command: Command) -> str:
    number = commands.number(command, Element.COMMAND_FIELD)
    try:
        name = Field(number or 0).name.replace("_", "-")
    except ValueError:
        name = f"CommandField {number or 0:04X}H"
    parts = [name]
    if (asked := commands.number(command, Element.MESSAGE_ID)) is not None:
        parts.append(f"message {asked}")
    answered = commands.number(command, Element.MESSAGE_ID_BEING_RESPONDED_TO)
    if answered is not None:
        parts.append(f"to message {answered}")
    if (status := commands.number(command, Element.STATUS)) is not None:
        parts.append(f"status {status:04X}H")
    parts += [named(str(command[element])) for element in _CLASSES if element in command]
    parts += [printable(str(command[element])) for element in _INSTANCES if element in command]
    parts += [
        f"{word} {printable(str(command[element]))}"
        for element, word in _SHOWN
        if element in command
    ]
    return ", ".join(parts)
