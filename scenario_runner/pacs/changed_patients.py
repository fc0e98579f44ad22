"""Patients of the archive that an ADT message updates or merges: every stored instance says so then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import texts
from scenario_runner.pacs.spoiling import altered

if TYPE_CHECKING:
    from scenario_runner.archive.archive import Archive
    from scenario_runner.dicom.elements import Elements
    from scenario_runner.orders.hl7.patient import PatientChange


def change_archive(archive: Archive, change: PatientChange) -> int:
    """Give the instances of a patient, or of the one that is merged into it, what the message says.

    Returns how many were changed. One that was changed already stays as it is, so that a message which
    failed half-way can be sent again. Raises MachineError, DamagedDatasetError.
    """
    count = 0
    # Whoever stores while this goes on has the number of before: once more, until nothing is left.
    while done := _change_once(archive, change):
        count += done
    return count


def issuers_in(archive: Archive, patient_id: str) -> set[str]:
    """Who has given this number to a patient, as far as instances say so."""
    found = (archive.header(one.file) for one in archive.instances(patient_id=patient_id))
    return {_issuer(header, terms) for header, terms in found} - {""}


def _change_once(archive: Archive, change: PatientChange) -> int:
    who = change.before or (change.patient_id, change.issuer)
    count = 0
    for instance in archive.instances(patient_id=who[0]):
        header, terms = archive.header(instance.file)
        if _issuer(header, terms) not in ("", who[1]) and who[1]:
            continue
        wanted = wanted_of(change)
        differing = {
            keyword: value
            for keyword, value in wanted.items()
            if _text(header, terms, keyword) != value
        }
        if not differing:
            continue
        data = archive.data(instance)
        for keyword, value in differing.items():
            data = altered(data, instance.transfer_syntax_uid, keyword, value)
        archive.replace(instance, data)
        count += 1
    return count


def wanted_of(change: PatientChange) -> Mapping[str, str]:
    """What objects of the patient say from now on."""
    wanted = {**change.said, "PatientID": change.patient_id}
    return {**wanted, "IssuerOfPatientID": change.issuer} if change.issuer else wanted


def _text(header: Elements, terms: tuple[str, ...], keyword: str) -> str:
    tag = tag_of(keyword)
    element = header.get(tag)
    return "\\".join(texts(tag, element, terms)) if element is not None else ""


def _issuer(header: Elements, terms: tuple[str, ...]) -> str:
    return _text(header, terms, "IssuerOfPatientID")
