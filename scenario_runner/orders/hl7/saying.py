"""What the segments of one order say of each attribute, by the rows of the mapping table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from scenario_runner.orders.hl7.compiled import (
    LONG,
    Compiled,
    FieldPlace,
    Known,
    offset_of,
    read_field,
)
from scenario_runner.orders.hl7.field import CLEAR
from scenario_runner.orders.hl7.mapping import Line
from scenario_runner.orders.hl7.message import Hl7Error, Message, Segment
from scenario_runner.orders.hl7.observations import by_kind, observed
from scenario_runner.orders.hl7.paths import Path
from scenario_runner.orders.order import Place, Plain, Said, Says
from scenario_runner.orders.unusable import Unusable

_LONGEST_COMMENT: Final = 10_240
_ISSUED: Final = ("IssueDateOfImagingServiceRequest", "IssueTimeOfImagingServiceRequest")
"""When it was ordered, which counts where nothing says when it is to be done."""
_RESULT: Final = "ORU"
_LISTS: Final = ("identifier", "issuer", "name", "person", "pregnancy")
"""Readers that look at all repetitions of a field."""


def all_said(
    message: Message,
    segments: Sequence[Segment],
    named: Mapping[str, Sequence[Segment]],
    table: Compiled,
    remarks: list[str],
) -> Says:
    """What an order says of each attribute. Most values are text without anything unusual.

    segments: those of the order, then its patient's. named: the same by their names. Raises Hl7Error.
    """
    said: dict[str, Plain | Said] = {}
    places_of: dict[str, FieldPlace] = {}
    kinds = by_kind(message, named["OBX"]) if "OBX" in named else {}
    segment_of = table.segments(named)
    for attribute, places, line in table.of(named):
        if not places:
            found = _of_segments(message, segments, kinds, line, remarks)
            if found is not None:
                said[attribute] = found
            continue
        for place in places:
            key, number, bare, read, path = place
            segment = segment_of[key]
            fields = segment.fields
            if number >= len(fields) or not (raw := fields[number]):
                continue
            if bare and raw.isalnum():
                said[attribute], places_of[attribute] = raw, place
                break
            try:
                known = (
                    read(raw)
                    if read is not None and len(raw) < LONG
                    else _long(message, segment, path, line)
                )
            except Unusable as error:
                said[attribute] = _unusable(message, segment, path, line, error, remarks)
                if line.of == _RESULT:
                    continue  # when it was scheduled may be known
                break
            if known is not None:
                text, items, remark = known
                if remark:
                    remarks.append(remark)
                if text is None:
                    continue
                said[attribute], places_of[attribute] = items or text, place
                break
    line_of = {key: segment.line for key, segment in segment_of.items()}
    return Says(said, places_of, partial(_place, message, line_of))


def _place(message: Message, line_of: Mapping[str, int], place: FieldPlace) -> Place:
    return message.where_in, place[4], line_of[place[0]]


def _of_segments(
    message: Message,
    segments: Sequence[Segment],
    kinds: Mapping[str, Segment],
    line: Line,
    remarks: list[str],
) -> Said | None:
    """What stands in no field of its own: an observation, or comments."""
    if not line.observation:
        return _lines(message, segments, line.paths)
    there = kinds.get(line.observation)
    found = there and observed(message, there, line.observation, remarks)
    if found is not None or not line.paths:
        return found
    return _elsewhere(message, segments, line.paths)


def _elsewhere(message: Message, segments: Sequence[Segment], paths: Sequence[Path]) -> Said | None:
    """What a field says of that which no observation does."""
    for path in paths:
        for segment in segments:
            text = message.value(segment, path).strip() if segment.name == path.segment else ""
            if text and text != CLEAR:
                return Said(text, (message.where_in, path, segment.line))
    return None


def _long(message: Message, segment: Segment, path: Path, line: Line) -> Known | None:
    """What a field says that is too long to be remembered, or is a whole segment."""
    if line.reads_as in _LISTS:
        message.repetitions(segment, path.field)
    field = message.field(segment, path)
    return read_field(field, path, line, "" if line.zone is None else offset_of(message))


def _unusable(
    message: Message,
    segment: Segment,
    path: Path,
    line: Line,
    error: Unusable,
    remarks: list[str],
) -> Said:
    """What nobody waits for is told and left out: of a patient, of the order's making, and when a result was scheduled or done.

    Raises Hl7Error for anything else.
    """
    if line.reads_as in ("date", "time", "sex") and (
        line.level == "patient" or line.of == _RESULT or line.attribute in _ISSUED
    ):
        remark = f"{path} is left out: {error.message}"
        if remark not in remarks:  # of a day and of its time
            remarks.append(remark)
        return Said("", (message.where_in, path, segment.line))
    raise Hl7Error(
        f"{path} cannot become {line.attribute}: {error.message}",
        message.where(path, segment),
        hint=error.hint or None,
        code="FAB502",
    ) from None


def _lines(message: Message, segments: Sequence[Segment], paths: Sequence[Path]) -> Said | None:
    """All comments of the order itself: NTE after ORC and OBR, not those of an observation or a patient."""
    found: list[str] = []
    where: Place | None = None
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
            where = where or (message.where_in, path, segment.line)
        last = last if name == "NTE" else name
    return None if where is None else Said("\n".join(found).strip()[:_LONGEST_COMMENT], where)
