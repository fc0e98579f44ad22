"""Who a run was about: every identifying value that its record holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.evidence.outside.identities import People, identifying

if TYPE_CHECKING:
    from scenario_runner.evidence.record import CheckRecord, RunRecord
    from scenario_runner.evidence.record_plan import PatientRecord

SPEAKING_HL7: Final = re.compile(r"\s*MSH\|")
_HL7: Final = {
    ("PID", 2): "PatientID", ("PID", 3): "PatientID", ("PID", 4): "PatientID",
    ("PID", 5): "PatientName", ("PID", 6): "PatientName", ("PID", 7): "PatientBirthDate",
    ("PID", 9): "PatientName", ("PID", 11): "PatientAddress", ("PID", 13): "PatientAddress",
    ("PID", 14): "PatientAddress", ("PID", 18): "AdmissionID", ("PID", 19): "PatientID",
    ("MRG", 1): "PatientID", ("MRG", 7): "PatientName", ("PV1", 7): "PatientName",
    ("PV1", 8): "PatientName", ("PV1", 19): "AdmissionID", ("NK1", 2): "PatientName",
    ("ORC", 2): "PlacerOrderNumberImagingServiceRequest",
    ("ORC", 3): "FillerOrderNumberImagingServiceRequest", ("ORC", 12): "PatientName",
    ("OBR", 2): "PlacerOrderNumberImagingServiceRequest",
    ("OBR", 3): "FillerOrderNumberImagingServiceRequest", ("OBR", 16): "PatientName",
    ("OBR", 18): "AccessionNumber", ("OBR", 19): "AccessionNumber",
    ("IPC", 1): "AccessionNumber", ("IPC", 3): "StudyInstanceUID",
    ("ZDS", 1): "StudyInstanceUID",
}  # fmt: skip
"""Fields of HL7 v2 that say who somebody is, and of which attribute."""
_CALLED: Final = re.compile(r"(?:study ([0-2][.\d]+) )?\(accession number ([^()]+)\)")
_LACKING: Final = re.compile(r"on both\b|not on '")
"""What ``migrate`` says of a study in place of a value."""
_IDENTIFIED_PEOPLE: Final = frozenset({("PV1", 7), ("PV1", 8), ("ORC", 12), ("OBR", 16)})
"""Fields of type XCN: an ID number, then the name."""


def learned(record: RunRecord) -> People:
    """Whoever stands in a record, and whatever numbers they have: in the plan, in answers and in differences."""
    people = People()
    for case in record.cases:
        for patient in case.patients:
            _patient(people, patient)
    for case in record.cases:
        for step in case.steps:
            _tree(people, step.facts)
            for attachment in step.attachments:
                _tree(people, attachment.subject)
            for check in step.checks:
                _check(people, check)
    return people


def _patient(people: People, patient: PatientRecord) -> None:
    name, number = str(patient.get("name") or ""), str(patient.get("id") or "")
    word = ""
    if number and number not in people.pseudonyms:
        word = people.patient()
        people.learn("PatientID", number, f"{word}-ID")
    if name:
        people.learn("PatientName", name, word)
    if word and (born := patient.get("birth_date")):
        people.learn("PatientBirthDate", born)
    _tree(people, {key: value for key, value in patient.items() if key not in ("id", "name")})


def _check(people: People, check: CheckRecord) -> None:
    if check.check == "migrate":
        # An archive's own studies are in no plan, and are named in sentences alone.
        for said in (check.message, *(str(one.expected) for one in check.differences)):
            for uid, accession in _CALLED.findall(said):
                people.learn("StudyInstanceUID", uid)
                people.learn("AccessionNumber", accession)
    _tree(people, check.expected)
    _tree(people, check.actual)
    for one in (
        *check.differences,
        *(example for kind in check.kinds for example in kind.examples),
    ):
        _sides(people, one.attribute, one.expected, one.actual)
        if re.fullmatch(r"[0-2](\.\d+){2,}", one.subject):
            people.learn("SOPInstanceUID", one.subject)
    for kind in check.kinds:
        if not kind.various:
            _sides(people, kind.attribute, kind.expected, kind.actual)


def _sides(people: People, attribute: str, *sides: Any) -> None:
    for side in sides:
        if isinstance(side, str) and _LACKING.match(side):
            continue
        _tree(people, {attribute: side})


def _tree(people: People, value: Any, keyword: str | None = None) -> None:
    """Take what stands below an identifying key, and look further below any other."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            # The DICOM JSON model has a value's text below ``Value`` and a name's below its group (PS3.18 F.2.2).
            _tree(people, below, identifying(str(key)) or (keyword if key in _JSON_MODEL else None))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for below in value:
            _tree(people, below, keyword)
    elif keyword is not None:
        people.learn(keyword, value)
    elif isinstance(value, str) and SPEAKING_HL7.match(value):
        for which, text in _hl7(value):
            people.learn(which, text)


_JSON_MODEL = ("Value", "Alphabetic", "Ideographic", "Phonetic")


def _hl7(text: str) -> Iterator[tuple[str, str]]:
    """Attribute and value of what a message says of people and orders."""
    for line in re.split(r"[\r\n]+", text):
        fields = line.split("|")
        for number, value in enumerate(fields):
            keyword = _HL7.get((fields[0], number))
            if keyword is None:
                continue
            for one in value.split("~"):
                components = one.split("^")
                if keyword == "PatientName":
                    named = (
                        components[1:6]
                        if (fields[0], number) in _IDENTIFIED_PEOPLE
                        else components[:5]
                    )
                    yield keyword, "^".join(named).rstrip("^")
                elif keyword == "PatientAddress":
                    yield from ((keyword, part) for part in components if len(part) > 3)
                else:
                    yield keyword, components[0]
