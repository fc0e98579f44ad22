"""A study as the API tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenario_runner.service.homes.home import StudyFacts
    from scenario_runner.service.matching.match import Match


def in_brief(facts: StudyFacts, match: Match | None) -> dict[str, Any]:
    """What the answer to an upload tells of a study, and no more."""
    return {
        "study_instance_uid": facts.study_instance_uid,
        "patient_id": facts.patient_id,
        "patient_name": facts.patient_name,
        "accession_number": facts.accession_number,
        "modality": "\\".join(facts.modalities),
        "number_of_series": facts.series,
        "number_of_instances": facts.instances,
        "match": match.as_json() if match is not None else None,
    }


def as_json(facts: StudyFacts, match: Match | None) -> dict[str, Any]:
    """Plain values; dates as ISO 8601 where they are dates."""
    return {
        **in_brief(facts, match),
        "patient_birth_date": iso_date(facts.birth_date),
        "patient_sex": facts.sex or None,
        "study_date": iso_date(facts.study_date),
        "study_description": facts.description,
    }


def iso_date(value: str) -> str | None:
    """A date of DICOM (DA) as ISO 8601; as it is when it is none; None when it is empty."""
    plain = value.replace(".", "") if len(value) == 10 else value
    if len(plain) == 8 and plain.isdigit():
        return f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    return value or None


def correctable(facts: StudyFacts) -> dict[str, str]:
    """The attributes that may be corrected, keyword to value."""
    return {
        "PatientID": facts.patient_id,
        "PatientName": facts.patient_name,
        "AccessionNumber": facts.accession_number,
        "StudyDate": facts.study_date,
    }
