"""Whether the instances of a study agree with each other."""

from __future__ import annotations

import itertools
from dataclasses import field
from typing import TYPE_CHECKING

from scenario_runner.conformance.reader import read_file
from scenario_runner.conformance.rules.geometry import dot
from scenario_runner.conformance.rules.table import STUDY
from scenario_runner.conformance.rules.values import quoted_value
from scenario_runner.dicom.element_heads import PIXEL_DATA
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from scenario_runner.conformance.api import Finding
    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex")
STUDY_LEVEL = (
    "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
    "ReferringPhysicianName", "PatientAge",
)  # fmt: skip
SERIES_LEVEL = ("Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "Laterality")

_DIMENSIONS = (
    "AcquisitionNumber", "TemporalPositionIdentifier", "EchoNumbers", "EchoTime", "InversionTime",
    "FlipAngle", "RepetitionTime", "TriggerTime", "NominalPercentageOfCardiacPhase",
    "FrameReferenceTime", "ConvolutionKernel", "ScanOptions", "ImageType",
)  # fmt: skip
"""What may tell images apart that lie in one place: phase, echo, time, reconstruction."""
_RULES = {rule.id: rule for rule in STUDY}
_EVEN = 0.02
"""Of the spacing; DS and rounding make no two distances exactly alike."""
_STACKED = frozenset({"CT", "MR", "PT"})


@dataclass(slots=True)
class _Stack:
    """Slices of one series with one orientation."""

    normal: list[float]
    slices: list[tuple[float, str]] = field(default_factory=list)
    """Distance along the normal in mm, and the file."""


@dataclass(slots=True)
class _Series:
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    study: str = ""
    numbers: dict[str, str] = field(default_factory=dict)
    stacks: dict[tuple[float | str, ...], _Stack] = field(default_factory=dict)
    count: int = 0
    writers: dict[str, str] = field(default_factory=dict)
    """ImplementationClassUID to the first file that has it."""


@dataclass(slots=True)
class _Seen:
    """What is remembered of the files so far."""

    studies: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    series: dict[str, _Series] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)


def disagreements(files: Iterable[Path]) -> Iterator[Finding]:
    """What differs within the studies, series and stacks that these files make.

    Each attribute is said once for each differing file; a file that cannot be read as DICOM is left
    to ``check``. A few values of each file are kept, no pixels. Raises nothing.
    """
    seen = _Seen()
    for file in files:
        try:
            found = read_file(file, until=PIXEL_DATA)
        except OSError:
            continue
        if found.data.text("StudyInstanceUID"):
            yield from _compared(found, seen, str(file))
    for uid, series in seen.series.items():
        yield from _written_by_one(uid, series)
        for stack in series.stacks.values():
            yield from _stacked(stack)


def _compared(found: DicomFile, seen: _Seen, file: str) -> Iterator[Finding]:
    data = found.data
    uid, series_uid = data.text("StudyInstanceUID"), data.text("SeriesInstanceUID")
    study = seen.studies.setdefault(uid, {})
    yield from _alike("same-patient", PATIENT, data, study, file)
    yield from _alike("same-study", STUDY_LEVEL, data, study, file)
    instance = data.text("SOPInstanceUID")
    if instance:
        first = seen.instances.setdefault(instance, file)
        if first != file:
            yield _RULES["unique-instance"].finding(
                "SOPInstanceUID", f"is also that of {first}", file=file
            )
    if series_uid:
        series = seen.series.setdefault(series_uid, _Series(study=uid))
        if series.study != uid:
            message = f"was seen in study {series.study} already"
            yield _RULES["series-of-one-study"].finding("SeriesInstanceUID", message, file=file)
        series.count += 1
        series.writers.setdefault(found.meta.text("ImplementationClassUID"), file)
        yield from _within_series(data, series, file)


def _within_series(data: Items, series: _Series, file: str) -> Iterator[Finding]:
    yield from _alike("same-series", SERIES_LEVEL, data, series.values, file)
    yield from _alike("frame-of-reference", ("FrameOfReferenceUID",), data, series.values, file)
    number = data.text("InstanceNumber")
    if number:
        first = series.numbers.setdefault(number, file)
        if first != file:
            message = f"{number} is also that of {first}"
            yield _RULES["unique-number"].finding("InstanceNumber", message, file=file)
    orientation = data.decimals("ImageOrientationPatient")
    position = data.decimals("ImagePositionPatient")
    if data.text("Modality") in _STACKED and _vectors(orientation, position):
        assert orientation is not None
        assert position is not None
        # Images of another phase, echo or kind may have the same place.
        apart = (data.text(keyword) for keyword in _DIMENSIONS)
        key: tuple[float | str, ...] = (*(round(number, 3) for number in orientation), *apart)
        normal = _cross(orientation[:3], orientation[3:])
        stack = series.stacks.setdefault(key, _Stack(normal))
        stack.slices.append((dot(stack.normal, position), file))


def _alike(
    rule: str, keywords: Iterable[str], data: Items, first: dict[str, tuple[str, str]], file: str
) -> Iterator[Finding]:
    for keyword in keywords:
        value = _value(data, keyword)
        before, where = first.setdefault(keyword, (value, file))
        if value != before:
            message = f"is {quoted_value(value)}; in {where} it is {quoted_value(before)}"
            yield _RULES[rule].finding(keyword, message, file=file)


def _value(data: Items, keyword: str) -> str:
    """The text itself, so that one name in two character sets is one name."""
    element = data.get(keyword)
    return "" if element is None else data.readable(element).rstrip(" \0")


def _written_by_one(uid: str, series: _Series) -> Iterator[Finding]:
    if series.count > 2 and len(series.writers) == series.count:
        message = f"is another in each of the {series.count} files of series {uid}"
        file = next(iter(series.writers.values()))
        yield _RULES["implementation"].finding("ImplementationClassUID", message, file=file)


def _stacked(stack: _Stack) -> Iterator[Finding]:
    slices = sorted(stack.slices)
    gaps = [(b[0] - a[0], a[1], b[1]) for a, b in itertools.pairwise(slices)]
    same = [gap for gap in gaps if gap[0] < 1e-3]
    for _, one, other in same:
        message = f"has the place of {one}"
        yield _RULES["slice-positions"].finding("ImagePositionPatient", message, file=other)
    if same or len(gaps) < 2:
        return
    usual = sorted(gap for gap, _, _ in gaps)[len(gaps) // 2]
    for gap, one, other in gaps:
        if abs(gap - usual) > max(_EVEN * usual, 0.01):
            message = f"lies {gap:.4g} mm from {one}; most slices are {usual:.4g} mm apart"
            yield _RULES["slice-spacing"].finding("ImagePositionPatient", message, file=other)
            return


def _vectors(orientation: list[float] | None, position: list[float] | None) -> bool:
    return bool(orientation and position and len(orientation) == 6 and len(position) == 3)


def _cross(a: list[float], b: list[float]) -> list[float]:
    return [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
