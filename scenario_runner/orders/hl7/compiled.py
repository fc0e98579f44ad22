"""The mapping table made ready for messages of one kind: each line a row that a reader goes through.

Physicians, procedures, places and times recur from message to message, so that what a field says is remembered by
its text; what numbers something is read without a detour, for it recurs never.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from scenario_runner.orders.hl7 import values
from scenario_runner.orders.hl7.delimiters import USUAL, Delimiters
from scenario_runner.orders.hl7.field import CLEAR, Field, field_of
from scenario_runner.orders.hl7.mapping import Line, of_message
from scenario_runner.orders.hl7.message import Message, Segment
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.hl7.times import at_site
from scenario_runner.orders.order import Place

_SHORT: Final = 16
_WORDS: Final = {
    "RequestedProcedureDescription": 64, "ScheduledProcedureStepDescription": 64,
    "ReasonForTheRequestedProcedure": 64, "MedicalAlerts": 64, "Allergies": 64, "PatientState": 64,
    "PatientTransportArrangements": 64, "CurrentPatientLocation": 64, "PatientAddress": 64,
    "ConfidentialityConstraintOnPatientDataDescription": 64,
    "ScheduledProcedureStepLocation": _SHORT,
}  # fmt: skip
"""Descriptions, and how many characters their VR takes (PS3.5 6.2): HL7 has longer ones every day."""
_IDENTIFYING: Final = frozenset(
    (
        "PatientID", "AdmissionID", "AccessionNumber", "StudyInstanceUID",
        "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID", "ScheduledProcedureStepID",
    )
)  # fmt: skip
"""Attributes that differ from message to message."""
_OFFSET: Final = re.compile(r"[+-]\d{4}$", re.ASCII)
_ALONE: Final = re.compile(rf"[A-Za-z0-9._-]+(?={re.escape(USUAL.component)}|\Z)")
"""A first component that is what it says, with the usual delimiters."""
_REMEMBERED: Final = 512
"""Texts of one field whose meaning is kept, none of which has more than ``LONG`` characters."""
_MOST_SHAPES: Final = 128
"""Sets of segments that messages of one kind have, for each of which its rows are kept."""
LONG: Final = 100
_NO_PUNCTUATION: Final = str.maketrans("", "", "()-/.")

Known = tuple[str | None, Sequence[Mapping[str, Any]], str]
"""What a field says of an attribute: a text, or items, or nothing that counts; and what was done to make it fit, in words."""
FieldPlace = tuple[str, int, bool, Callable[[str], Known | None] | None, Path]
"""A field that may say something: the key of its segment, its number, whether letters and digits alone are the value,
what its text says otherwise, its path. None for a whole segment and what a header declares, which have no parts."""
Row = tuple[str, tuple[FieldPlace, ...], Line]
"""A line of the mapping: its attribute, and the fields that may say it; none where it is not a field that does."""
_NOTHING: Final = Segment("", (), 0)


class Compiled:
    """The rows of a table, for messages of one kind, with these delimiters, in these characters."""

    __slots__ = ("_later", "_of", "_rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._of: dict[tuple[str, ...], Sequence[Row]] = {}
        self._later = {
            place[0]: place[4] for _, places, _ in rows for place in places if place[4].which > 1
        }

    def of(self, names: Iterable[str]) -> Sequence[Row]:
        """The rows that segments of these names, and no other, may say something of."""
        key = tuple(names)
        found = self._of.get(key)
        if found is None:
            if len(self._of) >= _MOST_SHAPES:
                self._of.clear()
            self._of[key] = found = _rows_of(self._rows, frozenset(key))
        return found

    def segments(self, named: Mapping[str, Sequence[Segment]]) -> dict[str, Segment]:
        """By key the segments that places may be in."""
        found = {name: many[0] for name, many in named.items()}
        for key, path in self._later.items():
            many = named.get(path.segment, ())
            found[key] = many[path.which - 1] if len(many) >= path.which else _NOTHING
        return found

    def where_unsaid(
        self, attribute: str, message: Message, named: Mapping[str, Sequence[Segment]]
    ) -> Mapping[str, Place]:
        """Where an attribute that nothing says would stand: in the first of its fields that has anything, else the first."""
        segments = self.segments(named)
        fields = [
            (segments[key], path)
            for name, places, _ in self.of(named) if name == attribute
            for key, _, _, _, path in places
        ]  # fmt: skip
        if not fields:
            return {}
        segment, path = min(fields, key=lambda one: not one[0].raw(one[1].field))
        return {attribute: (message.where_in, path, segment.line)}


def _rows_of(rows: Iterable[Row], names: frozenset[str]) -> Sequence[Row]:
    found: list[Row] = []
    for attribute, places, line in rows:
        there = tuple(place for place in places if place[4].segment in names)
        if places:
            found += [(attribute, there, line)] if there else []
        elif (line.observation and "OBX" in names) or any(
            path.segment in names for path in line.paths
        ):
            found.append((attribute, (), line))
    return tuple(found)


class _Same:
    """A mapping table, which equals itself alone: comparing its lines would take longer than reading a message."""

    __slots__ = ("lines",)

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def __hash__(self) -> int:
        return id(self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.lines is self.lines


def compiled(lines: Sequence[Line], message: Message) -> Compiled:
    """The table as it counts for this message."""
    table = _Same(lines)
    offset = offset_of(message) if _zoned(table) else ""
    return _compiled(table, message.kind, message.delimiters, message.codec, offset)


@lru_cache(maxsize=64)
def _zoned(table: _Same) -> bool:
    return any(line.zone is not None for line in table.lines)


def offset_of(message: Message) -> str:
    """From UTC, of all time stamps that give none of their own (HL7 2.5.1 2.15.9.7)."""
    found = _OFFSET.search(message.text("MSH-7.1"))
    return found[0] if found is not None else ""


@lru_cache(maxsize=64)
def _compiled(table: _Same, kind: str, marks: Delimiters, codec: str, offset: str) -> Compiled:
    how = _How(marks, codec, offset)
    return Compiled(
        [
            (
                line.attribute,
                ()
                if line.observation or line.reads_as == "lines"
                else tuple(
                    (_key(path), path.field, _bare(line, path), _reader(line, path, how), path)
                    for path in line.paths
                ),
                line,
            )
            for line in of_message(table.lines, kind)
        ]
    )


def _key(path: Path) -> str:
    return path.segment if path.which < 2 else f"{path.segment}[{path.which}]"


def _bare(line: Line, path: Path) -> bool:
    """Whether letters and digits are the value itself, for they are no delimiters."""
    number = line.attribute in _IDENTIFYING and line.reads_as in ("text", "identifier")
    return number and max(path.component, path.subcomponent, path.repetition) < 2


class _How(NamedTuple):
    """How messages are written. offset: from UTC, of a time stamp that says none."""

    marks: Delimiters
    codec: str
    offset: str


def _reader(line: Line, path: Path, how: _How) -> Callable[[str], Known | None] | None:
    """What a field's text comes to. Raises Unusable when called."""
    if path.field < 3 and (not path.field or path.segment == "MSH"):
        return None
    marks, codec, offset = how

    def read(raw: str) -> Known | None:
        return read_field(field_of((raw, marks, codec)), path, line, offset)

    remembered = lru_cache(maxsize=_REMEMBERED)(read)
    simple = marks[:-1] == USUAL[:-1] and path.subcomponent < 2 and path.repetition < 2
    if simple and not path.component and line.reads_as in ("authority", "issuer"):
        return _after_number(read, remembered, marks.repetition)
    if line.attribute not in _IDENTIFYING:
        return remembered
    if not simple or path.component > 1 or line.reads_as not in ("text", "identifier"):
        return read
    return _number(read, marks.repetition)


def _number(read: Callable[[str], Known | None], repetition: str) -> Callable[[str], Known | None]:
    """Reads a number, which mostly stands there as it is."""
    alone = _ALONE.match

    def number(raw: str) -> Known | None:
        found = alone(raw)
        return read(raw) if found is None or repetition in raw else (found[0], (), "")

    return number


def _after_number(
    read: Callable[[str], Known | None],
    remembered: Callable[[str], Known | None],
    repetition: str,
) -> Callable[[str], Known | None]:
    """Reads who gave a number, which is in the components after it, whatever the number is."""
    alone = _ALONE.match

    def after(raw: str) -> Known | None:
        found = alone(raw)
        if found is None or repetition in raw:
            return read(raw)
        end = found.end()
        return remembered("1" + raw[end:]) if end < len(raw) else None

    return after


def read_field(field: Field, path: Path, line: Line, offset: str) -> Known | None:
    """What a field says, as its line reads it; None where it comes to nothing. Raises Unusable.

    offset: from UTC, of a time stamp that says none.
    """
    if field.raw == CLEAR:
        return "", (), ""
    if line.zone is not None and (written := values.text(field, path)):
        local = values.OF_TEXT[line.reads_as](at_site(written, line.zone, offset))
        return None if local is None else (local, (), "")
    told = ""
    if _has_subcomponents(field, path, line):
        path, told = path._replace(subcomponent=1), f"{path} is read up to its subcomponents"
    value = values.READERS[line.reads_as](field, path)
    if told and isinstance(value, str):
        return value, (), told
    if isinstance(value, list):
        return "", value, ""
    return None if value is None else _fitted(value, line.attribute, path)


def _has_subcomponents(field: Field, path: Path, line: Line) -> bool:
    """Whether what identifies something goes on where no part of it is."""
    mark = field.marks.subcomponent
    if line.attribute not in _IDENTIFYING or path.subcomponent or not mark or mark not in field.raw:
        return False
    of_patient = line.reads_as == "identifier" and not path.component and path.repetition < 2
    repetition = values.own_identifier(field) if of_patient else path.repetition
    return mark in field.written(path.component or 1, 0, repetition)


def _fitted(value: str, attribute: str, path: Path) -> Known:
    """Words that describe, as short as their attribute takes; what identifies is left as it is."""
    if attribute == "PatientTelephoneNumbers":
        digits = (
            value if len(value) <= _SHORT else "".join(value.split()).translate(_NO_PUNCTUATION)
        )
        if len(digits) > _SHORT:
            told = f"{path} is left out: '{value}' has more than {_SHORT} characters"
            return "", (), told
        return digits.replace("\\", "/"), (), ""
    if attribute == "Modality" and value in values.DEPARTMENTS:
        return None, (), f"{path} is left out: '{value}' is a department and no modality"
    limit = _WORDS.get(attribute)
    if limit is None:
        return value, (), ""
    long = len(value) > limit
    told = f"{path} is cut to the {limit} characters that {attribute} takes" if long else ""
    return value.replace("\\", "/")[:limit].rstrip(), (), told
