"""The plan as JSON, for ``fabricate plan`` and a run's record: what templates see, and ``key``.

``key`` is the plan's own id of an entity (``p1.s1``). A plan may be of a hundred thousand patients,
so each record is formed as text by itself; a test holds it to what ``json.dumps`` makes of the
views for templates, character for character.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Protocol

from scenario_runner.dicom.times import iso_time
from scenario_runner.planning.views import plain_faults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.planning.plan import (
        PlannedCase,
        PlannedPatient,
        PlannedSeries,
        PlannedStudy,
    )

_CHUNK = 256
"""Pieces of text that are written at a time."""


class TextStream(Protocol):
    """What JSON is written to."""

    def write(self, text: str, /) -> object:
        """Take some more text."""
        ...


def write_json(cases: Iterable[PlannedCase], stream: TextStream) -> None:
    """Write ``[case, …]`` as JSON, a few images at a time; memory does not grow with the plan.

    Each case has ``id name matrix seed counts patients``; ``patients[].studies[].series[].images[]``
    have what templates see of them, and ``key``.
    """
    opening = "[\n "
    for case in cases:
        head = {
            "id": case.id,
            "name": case.name,
            "matrix": dict(case.matrix),
            "seed": case.seed,
            "counts": case.counts(),
        }
        text = json.dumps(head, ensure_ascii=False, default=str)
        stream.write(f'{opening}{text[:-1]}, "patients": ')
        write_patients(case, stream, 2)
        stream.write("}")
        opening = ",\n "
    stream.write("[]\n" if opening == "[\n " else "]\n")


def write_patients(case: PlannedCase, stream: TextStream, indent: int = 0) -> None:
    """Write the list of a case's patients as JSON, to stand inside of a larger document.

    One entity to a line, so that a person can read it and a diff shows what changed. Whatever is
    handed to ``stream.write`` at once begins and ends between two values.
    """
    line = "\n" + " " * (indent + 1)
    texts = ["["]
    separator = line
    for patient in case.patients:
        texts.append(f'{separator}{_patient(patient)}, "studies": ')
        _studies(patient, texts, line + " ", stream)
        texts.append("}")
        separator = f",{line}"
    texts.append("]")
    stream.write("".join(texts))


def _studies(patient: PlannedPatient, texts: list[str], line: str, stream: TextStream) -> None:
    separator = f"[{line}"
    for study in patient.studies:
        texts.append(f'{separator}{_study(study)}, "series": ')
        _series_of(study, texts, line + " ", stream)
        texts.append("}")
        separator = f",{line}"
    texts.append("]" if separator[0] == "," else "[]")


def _series_of(study: PlannedStudy, texts: list[str], line: str, stream: TextStream) -> None:
    separator = f"[{line}"
    for series in study.series:
        texts.append(f'{separator}{_series(series)}, "images": ')
        _images(series, texts, line + " ", stream)
        texts.append("}")
        separator = f",{line}"
    texts.append("]" if separator[0] == "," else "[]")


def _images(series: PlannedSeries, texts: list[str], line: str, stream: TextStream) -> None:
    sop_class = _quoted(series.sop_class_uid)
    separator = f"[{line}"
    for image in series.images:
        texts.append(
            f'{separator}{{"key": "{image.id}", "uid": {_quoted(image.uid)}, '
            f'"sop_class": {sop_class}, "number": {image.number}}}'
        )
        separator = f",{line}"
        if len(texts) > _CHUNK:
            stream.write("".join(texts))
            texts.clear()
    texts.append("]" if separator[0] == "," else "[]")


def _patient(patient: PlannedPatient) -> str:
    """The record without its closing brace."""
    return (
        f'{{"key": "{patient.id}", "id": {_quoted(patient.patient_id)}, '
        f'"name": {_quoted(patient.name)}, "issuer": {_or_null(patient.issuer)}, '
        f'"sex": {_quoted(patient.sex)}, "birth_date": "{patient.birth_date}", '
        f'"address": {_or_null(patient.address)}, "phone": {_or_null(patient.phone)}'
    )


def _study(study: PlannedStudy) -> str:
    """The record without its closing brace."""
    patient = study.patient
    return (
        f'{{"key": "{study.id}", "uid": {_quoted(study.uid)}, '
        f'"accession": {_quoted(study.accession)}, "study_id": {_quoted(study.study_id)}, '
        f'"description": {_quoted(study.description)}, "date": "{study.date}", '
        f'"time": "{iso_time(study.time)}", "modality": {_quoted(study.modality)}, '
        f'"referring_physician": {_quoted(study.referring_physician)}, '
        f'"institution": {_quoted(study.institution)}, "procedure": {_quoted(study.procedure)}, '
        f'"patient_id": {_quoted(patient.patient_id)}, "patient_name": {_quoted(patient.name)}'
    )


def _series(series: PlannedSeries) -> str:
    """The record without its closing brace."""
    study, picture = series.study, series.picture
    return (
        f'{{"key": "{series.id}", "uid": {_quoted(series.uid)}, "number": {series.number}, '
        f'"modality": {_quoted(series.stated_modality)}, '
        f'"sop_class": {_quoted(series.sop_class_uid)}, '
        f'"description": {_quoted(series.description)}, "protocol": {_quoted(series.protocol)}, '
        f'"body_part": {_quoted(series.body_part)}, "laterality": {_or_null(series.laterality)}, '
        f'"view": {_or_null(series.view)}, "transfer_syntax": {_quoted(series.transfer_syntax_uid)}, '
        f'"rows": {series.rows}, "columns": {series.columns}, "study_uid": {_quoted(study.uid)}, '
        f'"accession": {_quoted(study.accession)}, "phantom": {_quoted(series.phantom)}, '
        f'"picture": {_or_null(picture.sha256 if picture else None)}, '
        f'"faults": {json.dumps(plain_faults(series.faults)) if series.faults else "[]"}'
    )


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)
