"""The four levels of the Query/Retrieve models and their unique keys (PS3.4 C.6.1.1 and C.6.2.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Level = Literal["PATIENT", "STUDY", "SERIES", "IMAGE"]
Root = Literal["patient", "study"]
"""The Patient Root or the Study Root information model."""

LEVELS: Final[tuple[Level, ...]] = ("PATIENT", "STUDY", "SERIES", "IMAGE")

UNIQUE_KEY: Final[Mapping[Level, str]] = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
UIDS: Final = tuple(UNIQUE_KEY.values())[1:]
"""The unique keys that are UIDs, from the study down."""


ATTRIBUTES: Final[Mapping[Level, tuple[str, ...]]] = {
    "PATIENT": (
        "PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientBirthTime",
        "PatientSex",
    ),
    "STUDY": (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID",
        "StudyDescription", "ReferringPhysicianName", "PatientAge", "TimezoneOffsetFromUTC",
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
"""Attributes that tell about a patient, study, series or instance as a whole (PS3.4 C.3.4, C.6.1.1)."""

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

COUNTS: Final = tuple(one for one in COMPUTED if one.startswith("NumberOf"))
"""Those that are counts."""


USUAL: Final[Mapping[str, tuple[str, ...]]] = {
    "patient": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "study": (
        "StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate",
        "StudyTime", "AccessionNumber", "StudyID", "StudyDescription", "ModalitiesInStudy",
        "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    ),
    "series": (
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    "image": ("SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}  # fmt: skip
"""By level in small letters: what a query asks for that names nothing (keys of PS3.4 C.6.1.1 and C.6.2.1).

No unique key of a level above: empty, it would ask for another thing (PS3.4 C.4.1.2.1)."""


def level_of(keyword: str) -> Level | None:
    """The level that an attribute of the tables above belongs to; None for any other."""
    named = (level for level, keywords in ATTRIBUTES.items() if keyword in keywords)
    return next(named, COMPUTED.get(keyword))


def below(keyword: str, level: str) -> str | None:
    """The level that an attribute belongs to, in small letters, where it is below that of a query; else None.

    level: in small letters; ``worklist`` has none below it.
    """
    own = level_of(keyword)
    if own is None or level.upper() not in LEVELS:
        return None
    lower = own in LEVELS[[one.lower() for one in LEVELS].index(level) + 1 :]
    return own.lower() if lower else None


def levels_down_to(level: Level) -> tuple[Level, ...]:
    """The level and all above it, patient first."""
    return LEVELS[: LEVELS.index(level) + 1]


def unique_key(level: str) -> str:
    """The unique key of a level in capitals or small letters."""
    return {one.lower(): key for one, key in UNIQUE_KEY.items()}[level.lower()]


def unique_keys(level: str) -> tuple[str, ...]:
    """The unique keys by which one entity of a level is asked for in the Study Root, study first.

    A patient, which is not a level of that root, has its own only.
    """
    own = unique_key(level)
    return UIDS[: UIDS.index(own) + 1] if own in UIDS else (own,)


def can_name_an_instance(text: str) -> bool:
    """Whether a text can stand where a UID does, though it need not be one.

    Archives have UIDs with components that begin with 0, de-identified files have hashes, and negative tests
    send worse. What could be part of a path is none, since UIDs become the names of files.
    """
    return _SOME_UID.fullmatch(text) is not None


_SOME_UID: Final = re.compile(r"(?!.*\.\.)(?=.*[0-9A-Za-z])[0-9A-Za-z._-]{1,128}")
