"""The plan as plain values for templates: nested, and also flat under ``studies series images``.

``plan_json`` writes the same names with the same values.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar

from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.said import modality_said

if TYPE_CHECKING:
    from scenario_runner.planning.plan import (
        PlannedCase,
        PlannedImage,
        PlannedPatient,
        PlannedSeries,
        PlannedStudy,
    )

_Parent = TypeVar("_Parent")
_Member = TypeVar("_Member")


def names(case: PlannedCase) -> dict[str, Sequence[dict[str, Any]]]:
    """``patients``, ``studies``, ``series`` and ``images`` of a case for templates.

    Each is a sequence that makes a plain dict when one is asked for, and knows its length.
    """
    studies = _flat(case.patients, lambda patient: patient.studies)
    series = _flat(studies, lambda study: study.series)
    images = _flat(series, lambda one: one.images)
    return {
        "patients": _views(case.patients, patient_view),
        "studies": _views(studies, study_view),
        "series": _views(series, series_view),
        "images": _views(images, image_view),
    }


def patient_view(patient: PlannedPatient) -> dict[str, Any]:
    """A patient as templates see it, studies included."""
    return {**_patient(patient), "studies": _views(patient.studies, study_view)}


def study_view(study: PlannedStudy) -> dict[str, Any]:
    """A study as templates see it, series included."""
    return {**_study(study), "series": _views(study.series, series_view)}


def series_view(series: PlannedSeries) -> dict[str, Any]:
    """A series as templates see it, images included."""
    return {**_series(series), "images": _views(series.images, image_view)}


def image_view(image: PlannedImage) -> dict[str, Any]:
    """An image as templates see it."""
    return {
        "uid": image.uid,
        "sop_class": image.series.sop_class_uid,
        "number": image.number,
        "series_uid": image.series.uid,
        "study_uid": image.series.study.uid,
    }


def _patient(patient: PlannedPatient) -> dict[str, Any]:
    return {
        "id": patient.patient_id,
        "name": patient.name,
        "issuer": patient.issuer,
        "sex": patient.sex,
        "birth_date": patient.birth_date.isoformat(),
        "address": patient.address,
        "phone": patient.phone,
    }


def _study(study: PlannedStudy) -> dict[str, Any]:
    return {
        "uid": study.uid,
        "accession": study.accession,
        "study_id": study.study_id,
        "description": study.description,
        "date": study.date.isoformat(),
        "time": study.time.isoformat("seconds"),
        "modality": study.modality,
        "referring_physician": study.referring_physician,
        "institution": study.institution,
        "procedure": study.procedure,
        "patient_id": study.patient.patient_id,
        "patient_name": study.patient.name,
    }


def _series(series: PlannedSeries) -> dict[str, Any]:
    return {
        "uid": series.uid,
        "number": series.number,
        "modality": modality_said(series.tags, series.modality),
        "sop_class": series.sop_class_uid,
        "description": series.description,
        "protocol": series.protocol,
        "body_part": series.body_part,
        "laterality": series.laterality,
        "view": series.view,
        "transfer_syntax": series.transfer_syntax_uid,
        "rows": series.rows,
        "columns": series.columns,
        "study_uid": series.study.uid,
        "accession": series.study.accession,
        "phantom": series.phantom,
        "picture": picture_view(series),
        "faults": faults_view(series),
    }


def picture_view(series: PlannedSeries) -> str | None:
    """SHA-256 of the file that the series shows; None when it shows a registered phantom."""
    return None if series.picture is None else series.picture.sha256


def faults_view(series: PlannedSeries) -> list[dict[str, Any]]:
    """What is wrong with a series on purpose; ``images`` is null where all have it."""
    return [
        {
            "fault": fault.name,
            "images": None if fault.images is None else list(fault.images),
            "rules": list(fault.rules),
        }
        for fault in series.faults
    ]


def _views(
    members: Sequence[_Member], view: Callable[[_Member], dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    return Lazy(len(members), lambda place: view(members[place]))


def _flat(
    parents: Sequence[_Parent], below: Callable[[_Parent], Sequence[_Member]]
) -> Sequence[_Member]:
    """All members of all parents as one sequence, found by counting when first asked for."""
    return _Flat(parents, below)


class _Flat(Sequence[Any]):
    def __init__(self, parents: Sequence[Any], below: Callable[[Any], Sequence[Any]]) -> None:
        self._parents = parents
        self._below = below
        self._ends: list[int] | None = None

    def _counted(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(len(self._below(parent)) for parent in self._parents))
        return self._ends

    def __len__(self) -> int:
        ends = self._counted()
        return ends[-1] if ends else 0

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        size = len(self)
        at = place + size if place < 0 else place
        if not 0 <= at < size:
            raise IndexError(place)
        ends = self._counted()
        parent = bisect_right(ends, at)
        return self._below(self._parents[parent])[at - (ends[parent - 1] if parent else 0)]

    def __iter__(self) -> Any:
        for parent in self._parents:
            yield from self._below(parent)
