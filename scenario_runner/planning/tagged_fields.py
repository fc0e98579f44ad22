"""What ``tags`` say about things that the plan itself holds.

``tags`` sets any attribute of an object. Steps, templates and checks work with the plan, so a UID,
an accession number or a patient's name that is set there has to be the plan's own value too: else
``stored`` would look for a study that was never sent.

An attribute counts where it belongs: one of the patient under the patient's ``tags``, one of the
study there or above, one of the series anywhere. A patient's attribute under a single series is an
object that contradicts its patient, on purpose, and the plan keeps what it has. ``{raw: …}`` counts
like any other value as far as a plan can hold it; ``null`` empties a text and leaves UIDs and dates
as they are, for an object travels under its UIDs even when they are left out of it.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.forms import timezone_fault
from scenario_runner.fields.scalars import as_written
from scenario_runner.planning.person_name import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?", re.ASCII)
_UNHELD = object()
"""Stands for a value that a plan cannot hold."""


def _text(value: str | None) -> Any:
    return value or ""


def _name(value: str | None) -> Any:
    return whole(value or "")


def _optional(value: str | None) -> Any:
    return value


def _uid(value: str | None) -> Any:
    return value or _UNHELD


def _date(value: str | None) -> Any:
    match = _DATE.fullmatch(value or "")
    try:
        return dt.date(*map(int, match.groups())) if match else _UNHELD
    except ValueError:
        return _UNHELD


def _time(value: str | None) -> Any:
    match = _TIME.fullmatch(value or "")
    if match is None:
        return _UNHELD
    hours, minutes, seconds = (int(part or 0) for part in match.groups()[:3])
    try:
        return dt.time(hours, minutes, seconds, int((match[4] or "").ljust(6, "0")))
    except ValueError:
        return _UNHELD


def _offset(value: str | None) -> Any:
    if not value:
        return None
    return _UNHELD if timezone_fault(value) else value


def _number(value: str | None) -> Any:
    try:
        return int(value or "")
    except ValueError:
        return _UNHELD


def _terms(value: str | None) -> Any:
    return tuple((value or "").split("\\")) if value else None


Reading = tuple[str, "Callable[[str | None], Any]"]

PATIENT: dict[str, Reading] = {
    "PatientID": ("patient_id", _text),
    "IssuerOfPatientID": ("issuer", _optional),
    "PatientName": ("name", _name),
    "PatientSex": ("sex", _text),
    "PatientBirthDate": ("birth_date", _date),
    "PatientAddress": ("address", _optional),
    "PatientTelephoneNumbers": ("phone", _optional),
    "SpecificCharacterSet": ("character_set", _terms),
}
STUDY: dict[str, Reading] = {
    "StudyInstanceUID": ("uid", _uid),
    "StudyID": ("study_id", _text),
    "AccessionNumber": ("accession", _text),
    "StudyDescription": ("description", _text),
    "StudyDate": ("date", _date),
    "StudyTime": ("time", _time),
    "ReferringPhysicianName": ("referring_physician", _name),
    "InstitutionName": ("institution", _text),
    "PerformedProcedureStepDescription": ("procedure", _text),
    "TimezoneOffsetFromUTC": ("timezone_offset", _offset),
}
SERIES: dict[str, Reading] = {
    "SeriesInstanceUID": ("uid", _uid),
    "SeriesNumber": ("number", _number),
    "SOPClassUID": ("sop_class_uid", _uid),
    "SeriesDescription": ("description", _text),
    "ProtocolName": ("protocol", _text),
    "BodyPartExamined": ("body_part", _text),
    "ViewPosition": ("view", _optional),
    "FrameOfReferenceUID": ("frame_of_reference_uid", _uid),
    "SeriesDate": ("date", _date),
    "SeriesTime": ("time", _time),
}
"""Keyword to field of the plan. Modality is not here: it decides how an object is made, and what
the object then says of itself does not change that; ``stated_modality`` of the series is that."""


def tagged_fields(tags: Mapping[str, Any], readings: Mapping[str, Reading]) -> dict[str, Any]:
    """The plan's fields that tags decide, with their values."""
    found = {}
    for keyword, (name, read) in readings.items():
        if keyword in tags:
            given = tags[keyword]
            # What is raw stands in the object with its empty groups, and a server finds it by those.
            value = (
                read(text_of(given)) if read is not _name or not is_raw(given) else text_of(given)
            )
            if value is not _UNHELD:
                found[name] = value
    return found


def is_raw(value: Any) -> bool:
    """Whether a value is ``{raw: …}``: written as it is, against the Standard if need be."""
    return isinstance(value, dict) and "raw" in value


def text_of(value: Any) -> str | None:
    """The value that an object will have, as one text; None where it is left out."""
    if is_raw(value):
        raw = text_of(value["raw"]) or ""
        return _from_hex(raw[4:]) if raw.startswith("hex:") else raw
    if isinstance(value, list):
        return "\\".join(text_of(each) or "" for each in value)
    if value is None:
        return None
    return str(as_written(value)).strip()


def _from_hex(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode("latin-1")
    except ValueError:
        return ""  # imaging refuses it, with its place
