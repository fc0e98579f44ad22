"""How a peer words its successes, so that the next one is known at a glance.

One peer's answers to C-STORE requests that went well differ in nothing but the message and the
instance they are about. Once one has been read and judged, the next is told by comparing bytes;
whatever differs by as much as one of them is read and judged in full.
"""

from __future__ import annotations

import struct

from scenario_runner.dicom.element_writing import IMPLICIT, head
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.ul import commands, pdu
from scenario_runner.ul.commands import Command, Element
from scenario_runner.ul.fragments import COMMAND, LAST
from scenario_runner.ul.pdu import Buffer

_LEAD = struct.Struct(">BxIIBB")
"""The headers of a PDU and of its first PDV (PS3.8 9.3.5)."""
_MOST = 64
"""Wordings remembered; there is one for each context and length of UID."""


@dataclass(frozen=True, slots=True)
class _Form:
    """An answer in three parts: around its message id, and around its SOP instance UID if it has one."""

    head: bytes
    middle: bytes
    tail: bytes | None


class Wording:
    """The successes of one association."""

    def __init__(self) -> None:
        self._forms: dict[tuple[int, int], _Form] = {}

    def success(self, context_id: int, message_id: int, sop_instance_uid: str) -> bytes | None:
        """The PDU that says all is well with that instance; None while none like it was seen."""
        form = self._forms.get((context_id, len(sop_instance_uid)))
        if form is None:
            return None
        answered = message_id.to_bytes(2, "little")
        if form.tail is None:
            return b"".join((form.head, answered, form.middle))
        uid = sop_instance_uid.encode("ascii", "replace")
        return b"".join((form.head, answered, form.middle, uid, form.tail))

    def learn(
        self, whole: Buffer, command: Command, context_id: int, message_id: int, uid: str
    ) -> None:
        """Remember the form of a success, if that one PDU says all of it and nothing else.

        whole: the PDU that was read last; command: the answer, found to be the right one, about
        the SOP instance ``uid``.
        """
        known = (context_id, len(uid))
        if (
            len(self._forms) >= _MOST
            or known in self._forms
            or not _alone(whole, command, context_id)
        ):
            return
        head, found, rest = _parted(
            whole, Element.MESSAGE_ID_BEING_RESPONDED_TO, message_id.to_bytes(2, "little")
        )
        if not found:
            return
        if Element.AFFECTED_SOP_INSTANCE_UID not in command:
            self._forms[known] = _Form(head, rest, None)
            return
        raw = uid.encode("ascii", "replace")
        middle, found, tail = _parted(rest, Element.AFFECTED_SOP_INSTANCE_UID, raw)
        if found:
            self._forms[known] = _Form(head, middle, tail)


def _alone(whole: Buffer, command: Command, context_id: int) -> bool:
    """Whether a PDU holds that command set, in one PDV, and nothing more."""
    if len(whole) < _LEAD.size:
        return False
    lead = (pdu.P_DATA, len(whole) - 6, len(whole) - 10, context_id, COMMAND | LAST)
    if _LEAD.unpack_from(whole) != lead:
        return False
    try:
        return commands.decode(memoryview(whole)[_LEAD.size :]) == command
    except commands.CommandSetError:
        return False


def _parted(raw: Buffer, element: Element, value: bytes) -> tuple[bytes, bool, bytes]:
    """What stands before and after the value of an element, and whether it stands there once."""
    start = head(element, "", len(value) + len(value) % 2, IMPLICIT)
    marker = start + value
    raw = bytes(raw)
    before, _, after = raw.partition(marker)
    return before + start, raw.count(marker) == 1, after
