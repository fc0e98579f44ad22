"""Orders of a message: each order group an order of its own, by the mapping table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache, lru_cache, partial
from typing import Any, Final, NamedTuple

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.orders.hl7 import values
from scenario_runner.orders.hl7.delimiters import USUAL, Delimiters
from scenario_runner.orders.hl7.field import CLEAR, Field, field_of
from scenario_runner.orders.hl7.mapping import Line, of_message, standard
from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment
from scenario_runner.orders.hl7.observations import observed
from scenario_runner.orders.hl7.order_status import control, status
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.order import Identifier, Order, Said, said_of

KINDS: Final = ("ORM^O01", "OMI^O23", "OMG^O19", "ORU^R01")
"""Messages that hold orders, or results of them."""
_SHORT: Final = 16
_WORDS: Final = {
    "RequestedProcedureDescription": 64, "ScheduledProcedureStepDescription": 64,
    "ReasonForTheRequestedProcedure": 64, "MedicalAlerts": 64, "Allergies": 64, "PatientState": 64,
    "PatientTransportArrangements": 64, "CurrentPatientLocation": 64, "PatientAddress": 64,
    "ConfidentialityConstraintOnPatientDataDescription": 64,
    "ScheduledProcedureStepLocation": _SHORT,
}  # fmt: skip
"""Descriptions, and how many characters their VR takes (PS3.5 6.2): HL7 has longer ones every day."""
_LONGEST_COMMENT: Final = 10_240
_IDENTIFYING: Final = frozenset(
    (
        "PatientID", "IssuerOfPatientID", "AdmissionID", "AccessionNumber", "StudyInstanceUID",
        "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID", "ScheduledProcedureStepID", "OrderPlacerIdentifierSequence",
        "OrderFillerIdentifierSequence",
    )
)  # fmt: skip
"""Attributes that differ from message to message."""
_OFFSET: Final = re.compile(r"[+-]\d{4}$", re.ASCII)
_ALONE: Final = re.compile(rf"[A-Za-z0-9._-]+(?={re.escape(USUAL.component)}|\Z)")
"""A first component that is what it says, with the usual delimiters."""
_LISTS: Final = ("identifier", "issuer", "name", "person", "pregnancy")
"""Readers that look at all repetitions of a field."""
_REMEMBERED: Final = 512
"""Texts of one field whose meaning is kept, none of which has more than ``_LONG`` characters."""
_LONG: Final = 100
_NO_PUNCTUATION: Final = str.maketrans("", "", "()-/.")
_READ: Final = frozenset(
    (
        "MSH", "PID", "PV1", "ORC", "OBR", "OBX", "NTE", "TQ1", "IPC", "ZDS", "EVN", "PD1", "PV2",
        "NK1", "AL1", "DG1", "GT1", "IN1", "FHS", "BHS", "BTS", "FTS", "SFT", "UAC",
    )
)  # fmt: skip
"""Segments that are read, or that say nothing of the order itself; others are told."""


@dataclass(slots=True)
class _Group:
    """The segments of one order."""

    number: int
    patient: Sequence[Segment]
    """What stands before it and holds for it: the patient, the visit."""
    segments: list[Segment] = field(default_factory=list)
    orc: Segment | None = None
    """Its own, or that of the order before it where several OBR follow one ORC."""

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.segments)


_Known = tuple[str, Sequence[Mapping[str, Any]], str]
"""What a field says of an attribute: a text, or items; and what was done to make it fit, in words."""


class _Place(NamedTuple):
    """A field that may say something. which: of several segments of that name, from 0.

    read: what its text says; None for a whole segment and what a header declares, which have no parts.
    """

    segment: str
    which: int
    number: int
    read: Callable[[str], _Known | None] | None
    path: Path


class _Compiled(NamedTuple):
    """A line of the mapping, ready to be gone through. places: none where it is not a field that says it."""

    attribute: str
    places: tuple[_Place, ...]
    line: Line


def orders(message: Message, lines: Sequence[Line] = ()) -> list[Order]:
    """The orders of a message, in order. lines: the mapping; the one that ships by default.

    Raises Hl7Error for a message of another type, one without an order or a patient, and for values
    that no attribute can hold.
    """
    if message.kind not in KINDS:
        known = ", ".join(KINDS)
        raise Hl7Error(
            f"{message.kind} holds no order", message.where("MSH-9"), hint=f"orders come in {known}"
        )
    if not message.all("PID"):
        raise Hl7Error("there is no PID, so nobody knows whose order it is", message.where_line(1))
    groups = _divided(message)
    if not groups:
        raise Hl7Error("there is no ORC and no OBR, so nothing is ordered", message.where_line(1))
    table = _Same(lines or standard())
    offset = _offset(message) if _zoned(table) else ""
    wanted = _compiled(table, message.kind, message.delimiters, message.codec, offset)
    replaced = any(control(group.orc) == "RO" for group in groups)
    found = [_order(message, group, wanted, len(groups), replaced=replaced) for group in groups]
    return _by_procedure(found) if len(found) > 1 else found


def accessions(data: bytes, lines: Sequence[Line] = ()) -> list[str]:
    """The accession numbers that a message orders; none of what is no order."""
    try:
        return [order.text("AccessionNumber") for order in orders(Message.read(data), lines)]
    except Hl7Error:
        return []


def _divided(message: Message) -> list[_Group]:
    """Each order's own segments, and those of its patient before it; a message may have several patients."""
    patient: list[Segment] = []
    groups: list[_Group] = []
    inside = False
    for segment in message.segments:
        if segment.name == "PID":
            patient, inside = [], False
        begins = segment.name == "ORC" or (
            segment.name == "OBR" and (not inside or groups[-1].has("OBR"))
        )
        if begins:
            orc = segment if segment.name == "ORC" else groups[-1].orc if inside else None
            groups.append(_Group(len(groups) + 1, patient, [], orc))
            inside = True
        (groups[-1].segments if inside else patient).append(segment)
    if len(groups) > 1:
        _spread_study_uid(groups)
    return groups


def _by_procedure(found: Sequence[Order]) -> list[Order]:
    """Orders of a message that are steps of one requested procedure become one (RAD-4 4.4.4.1.2.2)."""
    whole: list[Order] = []
    places: dict[tuple[str, ...], int] = {}
    for order in found:
        accession, procedure = order.text("AccessionNumber"), order.text("RequestedProcedureID")
        step = order.text("ScheduledProcedureStepID")
        key = (accession, procedure, order.text("PatientID"), order.status)
        place = places.get(key)
        if place is not None and step not in _steps(whole[place]):
            own = {name: said for name, said in order.said.items() if name in _step_attributes()}
            whole[place] = replace(whole[place], steps=(*whole[place].steps, own))
            continue
        if accession and procedure and step:
            places[key] = len(whole)
        whole.append(order)
    return whole


def _steps(order: Order) -> set[str]:
    name = "ScheduledProcedureStepID"
    return {"", order.text(name), *(one[name].text for one in order.steps)}


class _Same:
    """A mapping table, which equals itself alone: comparing its lines would take longer than reading a message."""

    __slots__ = ("lines",)

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def __hash__(self) -> int:
        return id(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.lines is self.lines


@lru_cache(maxsize=64)
def _zoned(table: _Same) -> bool:
    return any(line.zone is not None for line in table.lines)


def _offset(message: Message) -> str:
    """From UTC, of all time stamps that give none of their own (HL7 2.5.1 2.15.9.7)."""
    found = _OFFSET.search(message.text("MSH-7.1"))
    return found[0] if found is not None else ""


@lru_cache(maxsize=64)
def _compiled(
    table: _Same, kind: str, marks: Delimiters, codec: str, offset: str
) -> list[_Compiled]:
    found: list[_Compiled] = []
    for line in of_message(table.lines, kind):
        no_field = line.observation or line.reads_as == "lines"
        places = () if no_field else line.paths
        found.append(
            _Compiled(
                line.attribute,
                tuple(
                    _Place(
                        one.segment,
                        one.which - 1,
                        one.field,
                        _reader(line, one, marks, codec, offset),
                        one,
                    )
                    for one in places
                ),
                line,
            )
        )
    return found


def _reader(
    line: Line, path: Path, marks: Delimiters, codec: str, offset: str
) -> Callable[[str], _Known | None] | None:
    """What a field's text comes to. Raises values.Unusable when called.

    Physicians, procedures, places and times recur from message to message, so that what they say is remembered.
    """
    if path.field < 3 and (not path.field or path.segment == "MSH"):
        return None

    def read(raw: str) -> _Known | None:
        return _read(field_of((raw, marks, codec)), path, line, offset)

    if line.attribute not in _IDENTIFYING:
        return lru_cache(maxsize=_REMEMBERED)(read)
    usual = line.reads_as in ("text", "identifier") and marks[:-1] == USUAL[:-1]
    if not usual or path.component > 1 or path.subcomponent > 1 or path.repetition > 1:
        return read
    alone, repetition = _ALONE.match, marks.repetition

    def identifying(raw: str) -> _Known | None:
        found = alone(raw)
        return read(raw) if found is None or repetition in raw else (found[0], (), "")

    return identifying


def _read(field: Field, path: Path, line: Line, offset: str) -> _Known | None:
    """What a field says, as its line reads it; None where it comes to nothing. Raises values.Unusable.

    offset: from UTC, of a time stamp that says none.
    """
    if field.raw == CLEAR:
        return "", (), ""
    if line.zone is not None and (written := values.text(field, path)):
        local = values.OF_TEXT[line.reads_as](values.at_site(written, line.zone, offset))
        return None if local is None else (local, (), "")
    value = values.READERS[line.reads_as](field, path)
    if isinstance(value, list):
        return "", value, ""
    return None if value is None else _fitted(value, line.attribute, path)


@cache
def _step_attributes() -> frozenset[str]:
    return frozenset(line.attribute for line in standard() if line.level == "step")


def _spread_study_uid(groups: Sequence[_Group]) -> None:
    """One ZDS at the very end is of all orders that have none: RAD-4 lets them share a study."""
    last = [one for one in groups[-1].segments if one.name == "ZDS"]
    if len(last) == 1 and not any(group.has("ZDS") for group in groups[:-1]):
        for group in groups[:-1]:
            group.segments += last


def _order(
    message: Message, group: _Group, lines: Sequence[_Compiled], of: int, *, replaced: bool
) -> Order:
    remarks = list(message.remarks)
    segments = group.segments
    if group.orc is not None and not group.has("ORC"):
        segments = [group.orc, *segments]
    segments = [*segments, *group.patient]
    named: dict[str, list[Segment]] = {}
    for one in segments:
        named.setdefault(one.name, []).append(one)
    said = _all_said(message, segments, named, lines, remarks)
    name = message.label + (f", order {group.number}" if of > 1 else "")
    ignored = sorted(message.names - _READ)
    if ignored:
        remarks.append(f"not read: {', '.join(ignored)}")
    first = group.segments[0]
    return Order(
        name=name,
        where=message.where_line(first.line, first.name),
        status=status(message, group.orc, replaced=replaced),
        said=said,
        other_ids=_identifiers(message, (named.get("PID") or message.all("PID"))[0], said),
        remarks=remarks,
    )


def _all_said(
    message: Message,
    segments: Sequence[Segment],
    named: Mapping[str, Sequence[Segment]],
    compiled: Sequence[_Compiled],
    remarks: list[str],
) -> dict[str, Said]:
    """What an order says of each attribute. Most values are text without anything unusual."""
    said: dict[str, Said] = {}
    where = message.where
    firsts = {name: many[0] for name, many in named.items()}
    for attribute, places, line in compiled:
        if not places:
            special = _special(message, segments, named, line, remarks)
            if special is not None:
                said[attribute] = special
            continue
        for name, which, number, read, path in places:
            segment = firsts.get(name) if not which else _at(named.get(name, ()), which)
            if segment is None:
                continue
            fields = segment.fields
            if number >= len(fields) or not (raw := fields[number]):
                continue
            try:
                if read is not None and len(raw) < _LONG:
                    known = read(raw)
                else:
                    known = _long(message, segment, path, line)
            except values.Unusable as error:
                said[attribute] = _unusable(message, segment, path, line, error, remarks)
                break
            if known is not None:
                text, items, remark = known
                if remark:
                    remarks.append(remark)
                said[attribute] = said_of((text, partial(where, path, segment), items))
                break
    return said


def _long(message: Message, segment: Segment, path: Path, line: Line) -> _Known | None:
    """What a field says that is too long to be remembered, or is a whole segment."""
    if line.reads_as in _LISTS:
        message.repetitions(segment, path.field)
    field = message.field(segment, path)
    return _read(field, path, line, "" if line.zone is None else _offset(message))


def _at(segments: Sequence[Segment], which: int) -> Segment | None:
    return segments[which] if which < len(segments) else None


def _special(
    message: Message,
    segments: Sequence[Segment],
    named: Mapping[str, Sequence[Segment]],
    line: Line,
    remarks: list[str],
) -> Said | None:
    if line.observation:
        return observed(message, named.get("OBX", ()), line.observation, remarks)
    there = any(path.segment in named for path in line.paths)
    return _lines(message, segments, line.paths) if there else None


def _unusable(
    message: Message,
    segment: Segment,
    path: Path,
    line: Line,
    error: values.Unusable,
    remarks: list[str],
) -> Said:
    """What is not known of a patient is told and left out. Raises Hl7Error for anything else."""
    if line.reads_as in ("date", "time", "sex") and line.level == "patient":
        remarks.append(f"{path} is left out: {error.message}")
        return Said("", partial(message.where, path, segment))
    raise Hl7Error(
        f"{path} cannot become {line.attribute}: {error.message}",
        message.where(path, segment),
        hint=error.hint or None,
        code="FAB502",
    ) from None


def _lines(message: Message, segments: Sequence[Segment], paths: Sequence[Path]) -> Said | None:
    """All comments of the order itself: NTE after ORC and OBR, not those of an observation or a patient."""
    found: list[str] = []
    where = None
    last = ""
    wanted = {path.segment for path in paths}
    for segment in segments:
        name = segment.name
        if name == "PID":
            break
        for path in paths if name in wanted and last != "OBX" else ():
            if name != path.segment:
                continue
            written = message.field(segment, path)
            for repetition in range(1, message.repetitions(segment, path.field) + 1):
                value = written.part(path.component, path.subcomponent, repetition)
                found += [] if value == CLEAR else value.splitlines()
            where = where or partial(message.where, path, segment)
        last = last if name == "NTE" else name
    return None if where is None else Said("\n".join(found).strip()[:_LONGEST_COMMENT], where)


def _fitted(value: str, attribute: str, path: Path) -> _Known:
    """Words that describe, as short as their attribute takes; what identifies is left as it is."""
    if attribute == "PatientTelephoneNumbers":
        digits = (
            value if len(value) <= _SHORT else "".join(value.split()).translate(_NO_PUNCTUATION)
        )
        if len(digits) > _SHORT:
            told = f"{path} is left out: '{value}' has more than {_SHORT} characters"
            return "", (), told
        return digits.replace("\\", "/"), (), ""
    limit = _WORDS.get(attribute)
    if limit is None:
        return value, (), ""
    long = len(value) > limit
    told = f"{path} is cut to the {limit} characters that {attribute} takes" if long else ""
    return value.replace("\\", "/")[:limit].rstrip(), (), told


def _identifiers(message: Message, pid: Segment, said: Mapping[str, Said]) -> list[Identifier]:
    """All of PID-3 but the patient's own."""
    many = message.repetitions(pid, 3)
    if many < 2:
        return []
    own = said["PatientID"].text if "PatientID" in said else ""
    issuer_said = said["IssuerOfPatientID"].text if "IssuerOfPatientID" in said else ""
    found: list[Identifier] = []
    for repetition in range(1, many + 1):
        at = Path("PID", 3, repetition=repetition)
        number = message.value(pid, at._replace(component=1)).strip()
        issuer = message.value(pid, at._replace(component=4, subcomponent=1)).strip()
        if number and number != CLEAR and (number, issuer) != (own, issuer_said):
            kind = message.value(pid, at._replace(component=5))
            found.append(Identifier(number, issuer, kind, message.where(at, pid)))
    return found
