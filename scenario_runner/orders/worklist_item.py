"""A worklist item as bytes: what PS3.4 table K.6-1 lets it have, in the order and the form of a data set.

Hundreds are written a second, each of some forty elements, most of which are empty: what does not differ is made
once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from scenario_runner.dicom import vrs
from scenario_runner.dicom.characters.terms import UTF8
from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.element_text import encoded_value
from scenario_runner.dicom.element_writing import element, item, prepared_head

Given = str | Sequence[Mapping[str, Any]]
"""What an attribute says: a text, or the items of a sequence."""
ITEM: Final = (
    "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "IssuerOfPatientID",
    "PatientBirthDate", "PatientSex", "OtherPatientIDsSequence", "PatientSize", "PatientWeight",
    "MedicalAlerts", "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers",
    "StudyInstanceUID", "RequestingPhysician", "RequestedProcedureDescription",
    "RequestedProcedureCodeSequence", "AdmissionID", "CurrentPatientLocation", "PatientState",
    "RequestedProcedureID", "ReasonForTheRequestedProcedure", "RequestedProcedurePriority",
    "PatientTransportArrangements", "RequestedProcedureComments",
    "ReasonForRequestedProcedureCodeSequence", "PlacerOrderNumberImagingServiceRequest",
    "FillerOrderNumberImagingServiceRequest", "OrderPlacerIdentifierSequence",
    "OrderFillerIdentifierSequence", "PregnancyStatus", "Allergies", "SpecialNeeds",
    "ConfidentialityConstraintOnPatientDataDescription",
)  # fmt: skip
STEP: Final = (
    "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime", "ScheduledPerformingPhysicianName",
    "ScheduledProcedureStepDescription", "ScheduledProtocolCodeSequence",
    "ScheduledProcedureStepID", "ScheduledStationName", "ScheduledProcedureStepLocation",
)  # fmt: skip
_ALWAYS: Final = frozenset(
    (
        "AccessionNumber", "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate",
        "PatientSex", "StudyInstanceUID", "RequestedProcedureDescription", "RequestedProcedureID",
        "RequestedProcedurePriority", "Modality", "ScheduledStationAETitle",
        "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime",
        "ScheduledPerformingPhysicianName", "ScheduledProcedureStepDescription",
        "ScheduledProcedureStepID", "RequestingPhysician", "AdmissionID", "CurrentPatientLocation",
        "PatientState", "MedicalAlerts", "PatientWeight", "PatientTransportArrangements",
        "PregnancyStatus", "Allergies", "SpecialNeeds", "ScheduledStationName",
        "ConfidentialityConstraintOnPatientDataDescription", "ScheduledProcedureStepLocation",
    )
)  # fmt: skip
"""Of types 1 and 2: there, if empty."""


_EMPTY_SEQUENCES: Final = ("ReferencedStudySequence", "ReferencedPatientSequence")
"""Of type 2, and of no order."""
_STEPS: Final = "ScheduledProcedureStepSequence"
_CHARACTER_SET: Final = element(0x00080005, "CS", encoded_value("CS", [UTF8], ()))
_SHORT: Final = 0x8000
"""Bytes of a value, far within what a length of 16 bits can say."""


class _Row(NamedTuple):
    """An attribute that an item may have. empty: its element without a value, nothing where it is left out then."""

    keyword: str
    tag: int
    vr: str
    plain: bool
    """Whether its text is its value: of no sequence and no number."""
    start: bytes
    length: Callable[[int], bytes]
    fill: bytes
    empty: bytes


def written(given: Mapping[str, Given]) -> bytes:
    """The data set of an item, Explicit VR Little Endian, whose one step has the attributes of ``STEP``.

    In ASCII, or in UTF-8 where that is not enough. What has no place in an item is left out, and so is a value that its VR
    cannot hold.
    """
    terms = () if all(map(_is_ascii, given.values())) else (UTF8,)
    of_item, of_step = _rows()
    return _elements({**given, _STEPS: [_elements(given, of_step, terms)]}, of_item, terms)


def _elements(given: Mapping[str, Any], rows: Sequence[_Row], terms: tuple[str, ...]) -> bytes:
    found = [_CHARACTER_SET] if terms else []
    for keyword, tag, vr, plain, start, length, fill, empty in rows:
        value = given.get(keyword)
        if not value:
            if empty:
                found.append(empty)
        elif plain:
            encoded = value.encode("utf-8", "replace")
            if len(encoded) & 1:
                encoded += fill
            if len(encoded) < _SHORT:
                found += (start, length(len(encoded)), encoded)
            else:
                found.append(element(tag, vr, encoded))
        elif vr == "SQ":
            items = (one if isinstance(one, bytes) else _nested(one, terms) for one in value)
            found.append(element(tag, vr, b"".join(map(item, items))))
        else:
            found.append(_number(tag, vr, value))
    return b"".join(found)


def _number(tag: int, vr: str, text: str) -> bytes:
    try:
        return element(tag, vr, encoded_value(vr, [text], ()))
    except ValueError:
        return element(tag, vr, b"")


def _nested(given: Mapping[str, Any], terms: tuple[str, ...]) -> bytes:
    """An item of a sequence: a code, an identifier. What it does not say it has all the same."""
    texts = {keyword: str(value) for keyword, value in given.items() if value}
    return _elements(texts, _rows_of(tuple(given), frozenset(given)), terms)


@cache
def _rows() -> tuple[Sequence[_Row], Sequence[_Row]]:
    """Of an item, and of its step."""
    always = _ALWAYS.union(_EMPTY_SEQUENCES)
    return _rows_of((*ITEM, *_EMPTY_SEQUENCES, _STEPS), always), _rows_of(STEP, always)


@lru_cache(maxsize=64)
def _rows_of(keywords: tuple[str, ...], always: frozenset[str]) -> Sequence[_Row]:
    rows: list[_Row] = []
    for keyword in keywords:
        tag = tag_of(keyword)
        vr = vr_of(tag)
        start, length = prepared_head(tag, vr)
        empty = element(tag, vr, b"") if keyword in always else b""
        fill = vrs.pad(b" ", vr)[1:]
        rows.append(_Row(keyword, tag, vr, vr in vrs.TEXT, start, length, fill, empty))
    return tuple(sorted(rows, key=lambda row: row.tag))


def _is_ascii(value: Given) -> bool:
    if isinstance(value, str):
        return value.isascii()
    return all(str(one).isascii() for row in value for one in row.values())
