"""What a PACS answers to queries for studies, as the service has it, and how that is narrowed and sorted here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from scenario_runner.dicom.matching import folded_groups
from scenario_runner.service.homes.home import Order, StudyFacts, Wanted


def _when(one: StudyFacts) -> tuple[str, ...]:
    return one.study_date, one.study_time, one.study_instance_uid


SORTED: Final[Mapping[Order, Callable[[StudyFacts], tuple[str, ...]]]] = {
    "stored": _when,  # a PACS does not say when it got a study
    "date": _when,
    "patient": lambda one: (one.patient_id, *_when(one)),
    "accession": lambda one: (one.accession_number, *_when(one)),
}
"""What studies are sorted by."""


def plain(value: str) -> str:
    """A value that is no pattern to a query; what is found is compared again."""
    return value.replace("*", "?").replace("\\", "?")


def fits(one: StudyFacts, wanted: Wanted) -> bool:
    """Whether a study is one of those; a PACS may have answered more than was asked for."""
    return (
        (wanted.study_uids is None or one.study_instance_uid in wanted.study_uids)
        and wanted.patient_id in (None, one.patient_id)
        and wanted.accession_number in (None, one.accession_number)
        and (wanted.patient_name is None or _has_in_name(one.patient_name, wanted.patient_name))
        and (wanted.modality is None or wanted.modality in one.modalities)
        and (wanted.days is None or wanted.days.ends[0] <= one.study_date <= wanted.days.ends[1])
    )


def _has_in_name(name: str, part: str) -> bool:
    folded = max(folded_groups(part), key=len, default="")
    return any(folded in group for group in folded_groups(name))


def facts(row: Mapping[str, Any]) -> StudyFacts:
    """A row of the study level; what a PACS did not return is empty, and a number 0."""
    modalities = row.get("ModalitiesInStudy") or []
    return StudyFacts(
        study_instance_uid=text(row, "StudyInstanceUID"),
        patient_id=text(row, "PatientID"),
        issuer=text(row, "IssuerOfPatientID"),
        patient_name=text(row, "PatientName"),
        birth_date=text(row, "PatientBirthDate"),
        sex=text(row, "PatientSex"),
        accession_number=text(row, "AccessionNumber"),
        study_date=text(row, "StudyDate"),
        study_time=text(row, "StudyTime"),
        description=text(row, "StudyDescription"),
        modalities=tuple(
            sorted([modalities] if isinstance(modalities, str) else map(str, modalities))
        ),
        series=integer(row, "NumberOfStudyRelatedSeries"),
        instances=integer(row, "NumberOfStudyRelatedInstances"),
    )


def text(row: Mapping[str, Any], keyword: str) -> str:
    """A value as text, several divided by a backslash."""
    value = row.get(keyword)
    if isinstance(value, list):
        return "\\".join(map(str, value))
    return "" if value is None else str(value)


def integer(row: Mapping[str, Any], keyword: str) -> int:
    """A number, 0 where there is none."""
    with contextlib.suppress(TypeError, ValueError):
        return int(row.get(keyword) or 0)
    return 0
