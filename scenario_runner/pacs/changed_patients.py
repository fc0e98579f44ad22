"""Patients of the archive that an ADT message updates or merges: every stored instance says so then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scenario_runner.archive.description import header_of
from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets, texts
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
    while True:
        done, lost = _change_once(archive, change)
        count += done
        if not done and not lost:
            return count


def issuers_in(archive: Archive, patient_id: str) -> set[str]:
    """Who has given this number to a patient, as far as instances say so."""
    found = set()
    for instance in archive.instances(patient_id=patient_id):
        try:
            found.add(_issuer(*archive.header(instance.file)))
        except FileNotFoundError:
            if archive.is_there(instance):
                raise
    return found - {""}


def _change_once(archive: Archive, change: PatientChange) -> tuple[int, int]:
    """How many were changed, and how many were stored anew before it was known whether they have to be."""
    done = lost = 0
    patient_id = change.before[0] if change.before else change.patient_id

    def changed(data: bytes, transfer_syntax_uid: str) -> bytes | None:
        header = header_of([data], transfer_syntax_uid)
        differing = _differing(header, character_sets(header), change)
        for keyword, value in differing.items():
            data = altered(data, transfer_syntax_uid, keyword, value)
        return data if differing else None

    for instance in archive.instances(patient_id=patient_id):
        try:
            to_do = _differing(*archive.header(instance.file), change)
        except FileNotFoundError:
            if archive.is_there(instance):
                raise
            lost += 1
            continue
        if to_do:
            done += archive.change(instance.sop_instance_uid, changed)
    return done, lost


def _differing(
    header: Elements, terms: tuple[str, ...], change: PatientChange
) -> Mapping[str, str]:
    """What an instance does not say yet and has to; nothing where it is another patient's."""
    number, who = change.before or (change.patient_id, change.issuer)
    if _issuer(header, terms) not in ("", who) and who:
        return {}
    if _text(header, terms, "PatientID") != number:
        return {}
    return {
        keyword: value
        for keyword, value in wanted_of(change).items()
        if _text(header, terms, keyword) != value
    }


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
