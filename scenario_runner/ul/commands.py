"""DIMSE command sets: group 0000 in Implicit VR Little Endian (PS3.7 6.3.1), written and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache

from scenario_runner.dicom.element_heads import HEADS
from scenario_runner.dicom.element_writing import IMPLICIT, head
from scenario_runner.dicom.element_writing import element as written
from scenario_runner.dicom.vrs import pad
from scenario_runner.ul.pdu import Buffer

NO_DATA_SET = 0x0101
"""CommandDataSetType when no data set follows (PS3.7 E.1)."""
WITH_DATA_SET = 0x0001


class Field(IntEnum):
    """Values of CommandField (0000,0100) (PS3.7 E.1)."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_GET_RQ = 0x0010
    C_GET_RSP = 0x8010
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_MOVE_RQ = 0x0021
    C_MOVE_RSP = 0x8021
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_SET_RQ = 0x0120
    N_SET_RSP = 0x8120
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130
    N_CREATE_RQ = 0x0140
    N_CREATE_RSP = 0x8140
    C_CANCEL_RQ = 0x0FFF


class Element(IntEnum):
    """Element numbers within group 0000 (PS3.7 E.1)."""

    AFFECTED_SOP_CLASS_UID = 0x0002
    REQUESTED_SOP_CLASS_UID = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    MESSAGE_ID_BEING_RESPONDED_TO = 0x0120
    MOVE_DESTINATION = 0x0600
    PRIORITY = 0x0700
    COMMAND_DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    OFFENDING_ELEMENT = 0x0901
    ERROR_COMMENT = 0x0902
    AFFECTED_SOP_INSTANCE_UID = 0x1000
    REQUESTED_SOP_INSTANCE_UID = 0x1001
    EVENT_TYPE_ID = 0x1002
    ACTION_TYPE_ID = 0x1008
    REMAINING = 0x1020
    COMPLETED = 0x1021
    FAILED = 0x1022
    WARNING = 0x1023
    MOVE_ORIGINATOR_AE_TITLE = 0x1030
    MOVE_ORIGINATOR_MESSAGE_ID = 0x1031


_E = Element
_US = frozenset(
    (
        _E.COMMAND_FIELD,
        _E.MESSAGE_ID,
        _E.MESSAGE_ID_BEING_RESPONDED_TO,
        _E.PRIORITY,
        _E.COMMAND_DATA_SET_TYPE,
        _E.STATUS,
        _E.EVENT_TYPE_ID,
        _E.ACTION_TYPE_ID,
        _E.REMAINING,
        _E.COMPLETED,
        _E.FAILED,
        _E.WARNING,
        _E.MOVE_ORIGINATOR_MESSAGE_ID,
    )
)
_UI = frozenset(
    (
        _E.AFFECTED_SOP_CLASS_UID,
        _E.REQUESTED_SOP_CLASS_UID,
        _E.AFFECTED_SOP_INSTANCE_UID,
        _E.REQUESTED_SOP_INSTANCE_UID,
    )
)
_HEADER = HEADS[True].plain

Command = Mapping[int, int | str]
"""Element number to value: int for US, str for UI, AE, LO; AT elements as bytes in text form."""


class CommandSetError(ValueError):
    """The bytes are no command set; the message says why."""


def encode(elements: Command) -> bytes:
    """Encode a command set, group length first, elements in ascending order.

    elements: values of US elements as int, of all others as text.
    """
    return _encoded(tuple(sorted(elements.items())))


@lru_cache(maxsize=64)
def _encoded(elements: tuple[tuple[int, int | str], ...]) -> bytes:
    # The responses of one query are the same but for the last.
    body = b"".join([_element(*one) for one in elements])
    return _group_length(body) + body


class StoreRequests:
    """C-STORE-RQ command sets of one SOP class, of which only id and instance differ (PS3.7 9.3.1.1).

    Says what ``encode`` would, in a fraction of the time: a fast peer answers within microseconds.
    """

    def __init__(self, sop_class_uid: str) -> None:
        self._head = (
            _element(Element.AFFECTED_SOP_CLASS_UID, sop_class_uid)
            + _element(Element.COMMAND_FIELD, Field.C_STORE_RQ)
            + head(Element.MESSAGE_ID, "US", 2, IMPLICIT)
        )
        medium = 0
        self._tail = _element(Element.PRIORITY, medium) + _element(
            Element.COMMAND_DATA_SET_TYPE, WITH_DATA_SET
        )

    def encode(self, message_id: int, sop_instance_uid: str) -> bytes:
        """The whole command set for one instance."""
        body = b"".join(
            (
                self._head,
                message_id.to_bytes(2, "little"),
                self._tail,
                _element(Element.AFFECTED_SOP_INSTANCE_UID, sop_instance_uid),
            )
        )
        return _group_length(body) + body


def _element(element: int, value: int | str) -> bytes:
    if isinstance(value, int):
        return written(element, "US", value.to_bytes(2, "little"), IMPLICIT)
    raw = value.encode("ascii", "replace")
    vr = "UI" if element in _UI else "LO"
    return written(element, vr, pad(raw, vr), IMPLICIT)


def _group_length(body: bytes) -> bytes:
    return written(0, "UL", len(body).to_bytes(4, "little"), IMPLICIT)


def decode(data: Buffer, note: Callable[[str], None] = lambda _: None) -> dict[int, int | str]:
    """Read a command set. Raises CommandSetError for one that cannot be read, or says two things.

    note: told of what the Standard does not allow and is clear all the same, in words that follow "it".
    Text is taken as Latin-1 when it is not ASCII: an error comment is worth more than a refusal.
    """
    found, remarks = _decoded(bytes(data))
    for remark in remarks:
        note(remark)
    return dict(found)


@lru_cache(maxsize=64)
def _decoded(data: bytes) -> tuple[dict[int, int | str], tuple[str, ...]]:
    # The responses of one query are the same but for the last.
    remarks: list[str] = []
    return _read(memoryview(data), remarks.append), tuple(remarks)


def _read(view: memoryview, note: Callable[[str], None]) -> dict[int, int | str]:
    found: dict[int, int | str] = {}
    position, size, before = 0, len(view), -1
    claimed: memoryview | None = None
    foreign = 0
    while position < size:
        if size - position < _HEADER.size:
            raise CommandSetError("the command set ends in the middle of an element")
        group, element, length = _HEADER.unpack_from(view, position)
        position += _HEADER.size
        if length > size - position:
            raise CommandSetError(
                f"element ({group:04X},{element:04X}) claims {length} bytes, "
                f"{size - position} are there"
            )
        start = position
        position += length
        if not group and length == 2 and element in _US and element > before:
            # What most elements are, and a fast sender's only delay is how long they take to read.
            found[element] = view[start] | view[start + 1] << 8
            before = element
            continue
        raw = view[start:position]
        if group:
            foreign += _HEADER.size + length
            note(f"put ({group:04X},{element:04X}), which is no command element, in a command set")
            continue
        if element <= before:
            note("put the elements of a command set out of order")
        before = element
        if not element:
            claimed = raw
            continue
        value = _value(element, raw, note)
        if value is not None and found.setdefault(element, value) != value:
            raise CommandSetError(f"element (0000,{element:04X}) stands twice, with two values")
    if Element.COMMAND_FIELD not in found:
        raise CommandSetError("the command set has no CommandField (0000,0100)")
    _check_length(claimed, size - _HEADER.size - 4 - foreign, note)
    if Element.COMMAND_DATA_SET_TYPE not in found:
        note("left CommandDataSetType (0000,0800) out of a command set")
    return found


def _check_length(claimed: memoryview | None, rest: int, note: Callable[[str], None]) -> None:
    """Check the group length: what follows is what there is, whatever it claims."""
    if claimed is None:
        note("left the group length out of a command set")
    elif len(claimed) != 4 or int.from_bytes(claimed, "little") != rest:
        note("gave a command set a group length that is not its length")


def _value(element: int, raw: memoryview, note: Callable[[str], None]) -> int | str | None:
    if element in _US:
        if len(raw) == 2:
            return raw[0] | raw[1] << 8
        if raw:
            raise CommandSetError(f"element (0000,{element:04X}) has {len(raw)} bytes, not 2")
        note(f"sent (0000,{element:04X}) without a value")
        return None
    if element == Element.OFFENDING_ELEMENT:
        tags = HEADS[True].tag.iter_unpack(raw[: len(raw) // 4 * 4])
        return " ".join(f"({g:04X},{e:04X})" for g, e in tags)
    if len(raw) % 2:
        note("padded an element of a command set to no even length")
    value = bytes(raw)
    if element in _UI and value.endswith(b" "):
        note("padded a UID of a command set with a space")
    return value.decode("latin-1").strip("\0 ")


def number(command: Command, element: Element) -> int | None:
    """The value of a US element, None when it is absent."""
    value = command.get(element)
    return value if isinstance(value, int) else None


def text(command: Command, element: Element) -> str:
    """The value of a text element, empty when it is absent."""
    value = command.get(element)
    return value if isinstance(value, str) else ""


def comment(command: Command) -> str:
    """ErrorComment and OffendingElement of a response, as one line (PS3.7 annex C)."""
    words = " ".join(text(command, Element.ERROR_COMMENT).split())
    offending = text(command, Element.OFFENDING_ELEMENT)
    if offending:
        words = f"{words} (offending element {offending})".strip()
    return words
