"""What is told of a plan: the names that the language has for it, with their values.

Plain values for templates, nested and also flat under ``studies series images``. A new name is added to
``language.names``, and here where its attribute is called otherwise; ``plan_json`` writes the same.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from scenario_runner.dicom.times import iso_time
from scenario_runner.language import shapes as spelling
from scenario_runner.language.date_text import DateText
from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.pictures import Picture

if TYPE_CHECKING:
    from scenario_runner.planning.plan import (
        PlannedCase,
        PlannedFault,
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
        "patients": _views(case.patients, _patient),
        "studies": _views(studies, _study),
        "series": _views(series, _series),
        "images": _views(images, _image),
    }


def plain_faults(faults: tuple[PlannedFault, ...]) -> list[dict[str, Any]]:
    """``images`` is null where all have it."""
    return [
        {
            "fault": fault.name,
            "images": None if fault.images is None else list(fault.images),
            "rules": list(fault.rules),
        }
        for fault in faults
    ]


_PLAIN: dict[type, Callable[[Any], Any]] = {
    dt.date: lambda date: DateText(date.isoformat()),
    dt.time: lambda time: DateText(iso_time(time)),
    Picture: lambda picture: picture.sha256,
    tuple: plain_faults,
}


def _plain(value: Any) -> Any:
    made = _PLAIN.get(type(value))
    return made(value) if made else value


def _record(names: Sequence[str], held: Mapping[str, str]) -> Callable[[Any], dict[str, Any]]:
    """What makes the plain values of one kind of entity. held: attributes not called as the names."""
    values = attrgetter(*(held.get(name, name) for name in names))
    return lambda entity: dict(zip(names, map(_plain, values(entity)), strict=True))


_own_of_patient = _record(spelling.PATIENT, {"id": "patient_id"})
_own_of_study = _record(
    spelling.STUDY, {"patient_id": "patient.patient_id", "patient_name": "patient.name"}
)
_own_of_series = _record(
    spelling.SERIES,
    {
        "modality": "stated_modality",
        "sop_class": "sop_class_uid",
        "transfer_syntax": "transfer_syntax_uid",
        "study_uid": "study.uid",
        "accession": "study.accession",
    },
)
_image = _record(
    spelling.IMAGE,
    {
        "sop_class": "series.sop_class_uid",
        "series_uid": "series.uid",
        "study_uid": "series.study.uid",
    },
)


def _patient(patient: PlannedPatient) -> dict[str, Any]:
    return {**_own_of_patient(patient), "studies": _views(patient.studies, _study)}


def _study(study: PlannedStudy) -> dict[str, Any]:
    return {**_own_of_study(study), "series": _views(study.series, _series)}


def _series(series: PlannedSeries) -> dict[str, Any]:
    return {**_own_of_series(series), "images": _views(series.images, _image)}


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
