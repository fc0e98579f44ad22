"""The attributes that the index holds at each level, and those it computes (PS3.4 C.3.4, C.6).

What is not listed here is read from the header of a stored instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scenario_runner.dicom.dictionary import tag_of, vr_of
from scenario_runner.dicom.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES: Final[Mapping[Level, tuple[str, ...]]] = {
    "PATIENT": (
        "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientBirthTime",
        "PatientSex",
    ),
    "STUDY": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
        "StudyDescription", "ReferringPhysicianName", "PatientAge",
    ),
    "SERIES": (
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDate", "SeriesTime",
        "SeriesDescription", "ProtocolName", "BodyPartExamined", "Laterality",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    ),
    "IMAGE": (
        "SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ContentDate", "ContentTime",
        "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
    ),
}  # fmt: skip

COMPUTED: Final[Mapping[str, Level]] = {
    "NumberOfPatientRelatedStudies": "PATIENT",
    "NumberOfPatientRelatedSeries": "PATIENT",
    "NumberOfPatientRelatedInstances": "PATIENT",
    "ModalitiesInStudy": "STUDY",
    "SOPClassesInStudy": "STUDY",
    "NumberOfStudyRelatedSeries": "STUDY",
    "NumberOfStudyRelatedInstances": "STUDY",
    "NumberOfSeriesRelatedInstances": "SERIES",
}
"""Attributes worked out from what is stored (PS3.4 C.3.4), and the level each belongs to."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the index."""

    keyword: str
    tag: int
    vr: str
    level: Level
    computed: bool = False


def _attributes() -> dict[int, Attribute]:
    found: dict[int, Attribute] = {}
    for level, keywords in ATTRIBUTES.items():
        for keyword in keywords:
            tag = tag_of(keyword)
            found[tag] = Attribute(keyword, tag, vr_of(tag), level)
    for keyword, level in COMPUTED.items():
        tag = tag_of(keyword)
        found[tag] = Attribute(keyword, tag, vr_of(tag), level, computed=True)
    return found


BY_TAG: Final[Mapping[int, Attribute]] = _attributes()
BY_KEYWORD: Final[Mapping[str, Attribute]] = {a.keyword: a for a in BY_TAG.values()}
