"""The four levels of the Query/Retrieve models and the attributes the index holds at each.

PS3.4 C.6.1.1 and C.6.2.1. What is not listed here is read from the header of a stored instance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pydicom.datadict import dictionary_VR, tag_for_keyword

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
Model = Literal["patient", "study"]
"""The Patient Root or the Study Root information model."""

LEVELS: Final[tuple[Level, ...]] = ("PATIENT", "STUDY", "SERIES", "IMAGE")

UNIQUE_KEY: Final[Mapping[Level, str]] = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}

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
            tag = _tag(keyword)
            found[tag] = Attribute(keyword, tag, dictionary_VR(tag), level)
    for keyword, level in COMPUTED.items():
        tag = _tag(keyword)
        found[tag] = Attribute(keyword, tag, dictionary_VR(tag), level, computed=True)
    return found


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return int(tag)


BY_TAG: Final[Mapping[int, Attribute]] = _attributes()
BY_KEYWORD: Final[Mapping[str, Attribute]] = {a.keyword: a for a in BY_TAG.values()}


def levels_down_to(level: Level) -> tuple[Level, ...]:
    """The level and all above it, patient first."""
    return LEVELS[: LEVELS.index(level) + 1]
