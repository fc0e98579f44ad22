"""The series of a study for a person: what each says of itself, and which image stands for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.dicom.dictionary import tag_of
from scenario_runner.dicom.element_text import character_sets, texts
from scenario_runner.dicom.elements import DamagedDatasetError, Elements
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.studies.headers import header_of

if TYPE_CHECKING:
    from scenario_runner.service.service import Service

_READ: Final = 100
"""Series whose headers are read; of others only what the archive says is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFacts:
    """One series. Text as DICOM has it, empty where nothing is said. middle: a SOP Instance UID; size: bytes."""

    uid: str
    images: int
    size: int
    middle: str
    number: str = ""
    modality: str = ""
    description: str = ""


def series_of(
    service: Service, study_uid: str, told: Sequence[Mapping[str, Any]]
) -> list[SeriesFacts]:
    """told: the series as ``finding.detail`` tells them.

    Of studies that would have to be retrieved first no headers are read. Raises MachineError, TargetError.
    """
    found: list[SeriesFacts] = []
    for one in told:
        instances = one["instances"]
        middle = instances[len(instances) // 2]["sop_instance_uid"]
        reads = service.home.keeps_files and len(found) < _READ
        said = _said(service, study_uid, middle) if reads else {}
        found.append(
            SeriesFacts(
                uid=one["series_instance_uid"],
                images=len(instances),
                size=sum(each["size"] for each in instances),
                middle=middle,
                number=said.get("SeriesNumber", ""),
                modality=said.get("Modality", ""),
                description=said.get("SeriesDescription", ""),
            )
        )
    return found


def _said(service: Service, study_uid: str, sop_instance_uid: str) -> dict[str, str]:
    with service.home.files(study_uid, sop_instance_uid) as files:
        for _, path in files:
            try:
                header, _ = header_of(path)
                names = ("SeriesNumber", "Modality", "SeriesDescription")
                return {name: _text(header, name) for name in names}
            except (DamagedDatasetError, ValueError, OSError):
                return {}
    return {}


def _text(header: Elements, keyword: str) -> str:
    element = header.get(tag_of(keyword))
    if element is None:
        return ""
    return "\\".join(texts(tag_of(keyword), element, character_sets(header))).strip()
