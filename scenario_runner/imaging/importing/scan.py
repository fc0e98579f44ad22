"""What lies in the files to import: a few facts of each, and what is wrong with those that cannot be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from pathlib import Path

from scenario_runner.conformance.dicom_file import DicomFile
from scenario_runner.conformance.elements import Items
from scenario_runner.conformance.files import expand
from scenario_runner.conformance.reader import read_file
from scenario_runner.dicom.levels import UIDS
from scenario_runner.dicom.sop_classes import MEDIA_STORAGE_DIRECTORY
from scenario_runner.imaging.importing.moments import parse_da
from scenario_runner.imaging.importing.profile import SHOWS_TEXT, SHOWS_TEXT_CLASSES
from scenario_runner.lazy_dataclasses import dataclass

_NEEDED = ("SOPClassUID", *UIDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file that can be imported. UIDs and ``patient`` are the original ones."""

    path: Path
    sop_class: str
    sop_instance: str
    series: str
    study: str
    patient: str
    """PatientID and its issuer, or what there is instead."""
    transfer_syntax: str
    date: dt.date | None
    """Of the study, or the next best one."""
    modality: str
    series_number: int
    frames: int
    rows: int
    columns: int
    pictured: str
    """Why the pixels may show who it is; empty when they are said or known not to."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file cannot be imported."""

    file: Path
    message: str


@dataclass(slots=True)
class Scan:
    """All files that were looked at."""

    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    directories: int = 0
    """DICOMDIR files, which were passed over."""


def find(patterns: Iterable[Path]) -> Iterator[Path]:
    """The files that are meant, each once: of a folder all below it, of a pattern all that fit."""
    seen: set[Path] = set()
    for pattern in patterns:
        named = [pattern] if pattern.exists() else globbed(pattern)
        for path in expand(named):
            if path not in seen:
                seen.add(path)
                yield path


def globbed(pattern: Path) -> Sequence[Path]:
    """What fits a pattern with ``*``, ``?``, ``[...]`` or ``**``, in order."""
    parts = pattern.parts
    first = next((n for n, part in enumerate(parts) if is_pattern(part)), None)
    if first is None:
        return []
    return sorted(Path(*parts[:first]).glob(str(Path(*parts[first:]))))


def is_pattern(text: str) -> bool:
    """Whether a path has characters of a pattern."""
    return any(character in text for character in "*?[")


def scan(paths: Iterable[Path], looked: Callable[[int], None] = lambda _: None) -> Scan:
    """Read the header of every file.

    Memory grows by some hundred bytes for a file, never with its size. looked: told how many were
    read so far.
    """
    found = Scan()
    instances: dict[str, Path] = {}
    for number, path in enumerate(paths, start=1):
        try:
            _look(path, found, instances)
        except OSError as error:
            found.problems.append(Problem(path, f"cannot be read: {error.strerror or error}"))
        looked(number)
    return found


def _look(path: Path, found: Scan, instances: dict[str, Path]) -> None:
    file = read_file(path)
    if file.sop_class == MEDIA_STORAGE_DIRECTORY:
        found.directories += 1
        return
    if problem := _archive(path, file) or _why_not(file):
        found.problems.append(Problem(path, problem))
        return
    source = _source(path, file)
    first = instances.setdefault(source.sop_instance, path)
    if first != path:
        found.problems.append(Problem(path, f"has the SOP Instance UID of {first.name}"))
        return
    found.files.append(source)


def _why_not(file: DicomFile) -> str:
    if file.damage is not None:
        return ": ".join(part for part in (file.damage.attribute, file.damage.message) if part)
    if not file.whole:
        return "cannot be read to its end"
    missing = [keyword for keyword in _NEEDED if not file.data.text(keyword)]
    return f"has no {' and no '.join(missing)}" if missing else ""


def _archive(path: Path, file: DicomFile) -> str:
    if file.readable:
        return ""
    with path.open("rb") as stream:
        return "is a zip archive; unpack it first" if stream.read(4) == b"PK\3\4" else ""


def _source(path: Path, file: DicomFile) -> SourceFile:
    data = file.data
    return SourceFile(
        path=path,
        sop_class=data.text("SOPClassUID"),
        sop_instance=data.text("SOPInstanceUID"),
        series=data.text("SeriesInstanceUID"),
        study=data.text("StudyInstanceUID"),
        patient=_patient(data),
        transfer_syntax=file.transfer_syntax,
        date=_date(data),
        modality=data.text("Modality"),
        series_number=data.number("SeriesNumber") or 0,
        frames=max(1, data.number("NumberOfFrames") or 1),
        rows=data.number("Rows") or 0,
        columns=data.number("Columns") or 0,
        pictured=_pictured(data),
    )


def _patient(data: Items) -> str:
    if data.text("PatientID"):
        return f"{data.text('PatientID')}\n{data.text('IssuerOfPatientID')}"
    return f"\n\n{data.text('PatientName')}\n{data.text('PatientBirthDate')}"


def _date(data: Items) -> dt.date | None:
    keywords = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
    return next(filter(None, (parse_da(data.text(keyword)) for keyword in keywords)), None)


def _pictured(data: Items) -> str:
    """Why somebody might be recognised by the pixels (PS3.3 C.7.6.1.1, BurnedInAnnotation)."""
    said = data.text("BurnedInAnnotation")
    if said == "YES":
        return "BurnedInAnnotation is YES"
    if data.text("RecognizableVisualFeatures") == "YES":
        return "RecognizableVisualFeatures is YES"
    sop_class = data.text("SOPClassUID")
    secondary, document = SHOWS_TEXT_CLASSES
    if sop_class.startswith(document) or data.get("EncapsulatedDocument"):
        return "it is an encapsulated document"
    if said == "NO" or not (data.get("Rows") or data.get("PixelData")):
        return ""
    if sop_class == secondary or sop_class.startswith(f"{secondary}."):
        return "it is a secondary capture that does not say BurnedInAnnotation NO"
    if data.text("Modality") in SHOWS_TEXT:
        return f"it is of modality {data.text('Modality')} and does not say BurnedInAnnotation NO"
    return ""
