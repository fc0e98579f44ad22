"""The DICOM files below a folder as patients, studies, series and images, in the order of a viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.conformance.files import expand
from scenario_runner.conformance.reader import read_file
from scenario_runner.dicom.sop_classes import MEDIA_STORAGE_DIRECTORY
from scenario_runner.errors import of_the_machine
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.conformance.elements import Items

_FAR = 1 << 62
"""Where what has no number is put: behind everything that has one."""
_PLANE = 6
"""Values of ImageOrientationPatient: the directions of a row and of a column (PS3.3 C.7.6.2.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewedImage:
    """One file. position: along the normal of its plane in mm, where it lies in space."""

    file: Path
    sop_instance_uid: str
    number: int | None
    frames: int
    rows: int | None
    columns: int | None
    position: float | None
    orientation: tuple[float, ...] = ()
    pictured: bool = True
    """Whether it has pixels."""


@dataclass(slots=True, kw_only=True)
class ViewedSeries:
    """A series. in_space: whether its images are in the order of their positions, not of their numbers."""

    uid: str
    number: int | None
    modality: str
    description: str
    in_space: bool = False
    images: list[ViewedImage] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ViewedStudy:
    """A study, and whose it is."""

    uid: str
    patient_id: str
    patient_name: str
    date: str
    time: str
    accession: str
    description: str
    series: list[ViewedSeries] = field(default_factory=list)


@dataclass(slots=True)
class ViewedFolder:
    """What was found. problems: files that look like DICOM and cannot be shown, each with why."""

    studies: list[ViewedStudy] = field(default_factory=list)
    files: int = 0
    """DICOM files that are shown."""
    others: int = 0
    """Files that are no DICOM, and directories of media."""
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """For programs: studies, series, images, with paths as text."""
        return {
            "files": self.files,
            "others": self.others,
            "problems": [{"file": file.as_posix(), "message": why} for file, why in self.problems],
            "studies": [_plain_study(study) for study in self.studies],
        }


def view_folder(folder: Path, looked: Callable[[int], object] = lambda _: None) -> ViewedFolder:
    """Read the headers of all files below a folder. looked: told how many were read. Raises MachineError."""
    found = ViewedFolder()
    studies: dict[str, ViewedStudy] = {}
    series: dict[tuple[str, str], ViewedSeries] = {}
    for number, path in enumerate(expand([folder]), start=1):
        try:
            _take(path, found, studies, series)
        except OSError as error:
            if path == folder:
                raise of_the_machine(f"cannot read '{folder}'", error) from error
            found.problems.append((path, f"cannot be read: {error.strerror or error}"))
        looked(number)
    for one in series.values():
        _sort(one)
    for study in studies.values():
        study.series.sort(key=lambda one: (_last(one.number), one.modality, one.uid))
    found.studies = sorted(
        studies.values(),
        key=lambda one: (one.patient_id, one.patient_name, one.date, one.time, one.uid),
    )
    return found


def _take(
    path: Path,
    found: ViewedFolder,
    studies: dict[str, ViewedStudy],
    series: dict[tuple[str, str], ViewedSeries],
) -> None:
    file = read_file(path)
    damage = file.damage
    if (damage and damage.rule == "not-dicom") or file.sop_class == MEDIA_STORAGE_DIRECTORY:
        found.others += 1
        return
    if damage is not None:
        found.problems.append((path, damage.message))
        return
    data = file.data
    study_uid, series_uid = data.text("StudyInstanceUID"), data.text("SeriesInstanceUID")
    if not file.readable or not (study_uid and series_uid):
        why = file.trouble[0].message if file.trouble else "has no study or series instance UID"
        found.problems.append((path, why))
        return
    study = studies.get(study_uid)
    if study is None:
        study = studies[study_uid] = ViewedStudy(
            uid=study_uid,
            patient_id=_text(data, "PatientID"),
            patient_name=_text(data, "PatientName"),
            date=data.text("StudyDate"),
            time=data.text("StudyTime"),
            accession=_text(data, "AccessionNumber"),
            description=_text(data, "StudyDescription"),
        )
    one = series.get((study_uid, series_uid))
    if one is None:
        one = series[study_uid, series_uid] = ViewedSeries(
            uid=series_uid,
            number=data.number("SeriesNumber"),
            modality=data.text("Modality"),
            description=_text(data, "SeriesDescription"),
        )
        study.series.append(one)
    one.images.append(_image(path, data))
    found.files += 1


def _image(path: Path, data: Items) -> ViewedImage:
    orientation = data.decimals("ImageOrientationPatient") or []
    place = data.decimals("ImagePositionPatient") or []
    position = None
    if len(orientation) == _PLANE and len(place) == 3:
        (ax, ay, az), (bx, by, bz) = orientation[:3], orientation[3:]
        normal = (ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx)
        position = sum(one * other for one, other in zip(normal, place, strict=True))
    return ViewedImage(
        file=path,
        sop_instance_uid=data.text("SOPInstanceUID"),
        number=data.number("InstanceNumber"),
        frames=max(1, data.number("NumberOfFrames") or 1),
        rows=data.number("Rows"),
        columns=data.number("Columns"),
        position=position,
        orientation=tuple(round(one, 4) for one in orientation),
        pictured=data.number("Rows") is not None,
    )


def _sort(series: ViewedSeries) -> None:
    """By position where all images are one stack of parallel planes, each in its own place; else by number."""
    images = series.images
    places = {one.position for one in images}
    parallel = len({one.orientation for one in images}) == 1
    series.in_space = (
        len(images) > 1 and None not in places and parallel and len(places) == len(images)
    )
    if series.in_space:
        images.sort(key=lambda one: one.position or 0.0)
    else:
        images.sort(key=lambda one: (_last(one.number), one.file.as_posix()))


def _last(number: int | None) -> int:
    return _FAR if number is None else number


def _text(data: Items, keyword: str) -> str:
    """A value in its character set, whatever is wrong with that."""
    element = data.get(keyword)
    return "" if element is None else data.readable(element).strip(" \0")


def _plain_study(study: ViewedStudy) -> dict[str, Any]:
    own = ("uid", "patient_id", "patient_name", "date", "time", "accession", "description")
    return {
        **{name: getattr(study, name) for name in own},
        "series": [_plain_series(one) for one in study.series],
    }


def _plain_series(series: ViewedSeries) -> dict[str, Any]:
    return {
        "uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "sorted_by": "position" if series.in_space else "number",
        "images": list(_plain_images(series)),
    }


def _plain_images(series: ViewedSeries) -> Iterator[dict[str, Any]]:
    for one in series.images:
        yield {
            "file": one.file.as_posix(),
            "uid": one.sop_instance_uid,
            "number": one.number,
            "frames": one.frames,
            "rows": one.rows,
            "columns": one.columns,
            "position": None if one.position is None else round(one.position, 4),
        }
