"""A look at the beginning of a file before it is uploaded: whose it is said to be, and whose it would become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scenario_runner.archive.description import check_place, describe
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.dicom.element_text import character_sets
from scenario_runner.dicom.elements import DamagedDatasetError, TruncatedError, read_header
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.service.homes.home import StudyFacts
from scenario_runner.service.matching.matching import find_match
from scenario_runner.service.studies.tag_tree import tree
from scenario_runner.service.uploads.outcome import FileOutcome
from scenario_runner.service.uploads.taking import explain, shown_name

if TYPE_CHECKING:
    from scenario_runner.service.service import Service

_ENOUGH: Final = 1 << 12
"""Bytes that say what kind of file it is."""
_LONGEST: Final = 1_000
_SHOWN: Final = {
    "study_instance_uid": "StudyInstanceUID",
    "patient_id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "accession_number": "AccessionNumber",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "description": "StudyDescription",
    "modality": "Modality",
}


def look(name: str, head: bytes, *, is_whole: bool, with_tags: bool = False) -> dict[str, Any]:
    """What a file says of itself. head: its first bytes; is_whole: whether there are no more.

    ``is``: ``dicom`` with its facts, ``more`` where more bytes are needed, ``skipped`` or ``other`` with ``error``
    in the words of an upload. Whether the file is whole is found when it is uploaded.
    """
    if len(head) < _ENOUGH and not is_whole:
        return {"name": shown_name(name), "is": "more", "error": ""}
    outcome = FileOutcome(name=shown_name(name))
    told: dict[str, Any] = {"name": outcome.name, "is": "dicom", "error": ""}
    try:
        meta = read_meta(head)
        header = read_header(head[meta.data_offset :], meta.transfer_syntax_uid)
        attributes = describe(header)
        check_place(attributes)
    except DamagedDatasetError as error:
        if isinstance(error, TruncatedError) and not is_whole:
            return {**told, "is": "more"}
        explain(outcome, head, error)
        return {
            **told,
            "is": "skipped" if outcome.status == "skipped" else "other",
            "error": outcome.error,
        }
    kind = attributes["SOPClassUID"]
    told |= {key: attributes.get(keyword, "")[:_LONGEST] for key, keyword in _SHOWN.items()}
    told["sop_class"] = uid_name(kind) or kind
    return {**told, "tags": tree(header, character_sets(header))} if with_tags else told


def would_match(service: Service, facts: dict[str, str]) -> dict[str, Any]:
    """Whom and which order a study would be matched with, as the registry is now. facts: as ``look`` gives them."""
    known = {key: facts.get(key, "") for key in _SHOWN}
    study = StudyFacts(
        study_instance_uid=known["study_instance_uid"],
        patient_id=known["patient_id"],
        issuer=known["issuer"],
        patient_name=known["patient_name"],
        birth_date=known["birth_date"],
        sex=known["sex"],
        accession_number=known["accession_number"],
        study_date=known["study_date"],
        study_time=known["study_time"],
        description=known["description"],
        modalities=tuple(filter(None, [known["modality"]])),
    )
    return find_match(service.database, study).as_json()
