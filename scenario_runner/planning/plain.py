"""The plan as plain values: for templates, and as the JSON of ``plan`` and ``run.json``.

Both show the same names. JSON also has ``key``, the plan's own id of each entity (``p1.s1``), and
nests studies, series and images; a template finds them nested and also flat, under ``studies``,
``series`` and ``images``.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scenario_runner.planning.lazy import Lazy

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


class TextStream(Protocol):
    """What JSON is written to."""

    def write(self, text: str, /) -> object:
        """Take some more text."""
        ...


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
        "modality": series.modality,
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
    }


def write_json(cases: Iterable[PlannedCase], stream: TextStream) -> None:
    """Write ``[case, …]`` as JSON, an image at a time; memory does not grow with the plan.

    Each case has ``id name matrix seed counts patients``; ``patients[].studies[].series[].images[]``
    have what templates see of them, and ``key``.
    """
    _list(stream, cases, 0, _write_case)
    stream.write("\n")


def write_patients(case: PlannedCase, stream: TextStream, indent: int = 0) -> None:
    """Write the list of a case's patients as JSON, to stand inside of a larger document."""
    _list(stream, case.patients, indent, _write_patient)


def _write_case(case: PlannedCase, stream: TextStream, indent: int) -> None:
    head = {
        "id": case.id,
        "name": case.name,
        "matrix": dict(case.matrix),
        "seed": case.seed,
        "counts": case.counts(),
    }
    _open(stream, head, "patients")
    write_patients(case, stream, indent + 1)
    stream.write("}")


def _write_patient(patient: PlannedPatient, stream: TextStream, indent: int) -> None:
    _open(stream, {"key": patient.id, **_patient(patient)}, "studies")
    _list(stream, patient.studies, indent + 1, _write_study)
    stream.write("}")


def _write_study(study: PlannedStudy, stream: TextStream, indent: int) -> None:
    _open(stream, {"key": study.id, **_study(study)}, "series")
    _list(stream, study.series, indent + 1, _write_series)
    stream.write("}")


def _write_series(series: PlannedSeries, stream: TextStream, indent: int) -> None:
    _open(stream, {"key": series.id, **_series(series)}, "images")
    _list(stream, series.images, indent + 1, _write_image)
    stream.write("}")


def _write_image(image: PlannedImage, stream: TextStream, indent: int) -> None:  # noqa: ARG001 - one form for all
    view = {
        "key": image.id,
        "uid": image.uid,
        "sop_class": image.series.sop_class_uid,
        "number": image.number,
    }
    stream.write(_text(view))


def _list(
    stream: TextStream,
    members: Iterable[_Member],
    indent: int,
    write: Callable[[_Member, TextStream, int], None],
) -> None:
    """One member to a line, so that a person can read it and a diff shows what changed."""
    separator = "[\n" + " " * (indent + 1)
    empty = True
    for member in members:
        stream.write(separator)
        write(member, stream, indent + 1)
        separator = ",\n" + " " * (indent + 1)
        empty = False
    stream.write("[]" if empty else "]")


def _open(stream: TextStream, head: Mapping[str, Any], last: str) -> None:
    stream.write(f'{_text(head)[:-1]}, "{last}": ')


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": "), default=str)


def _text(value: Any) -> str:
    return _ENCODER.encode(value)


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
