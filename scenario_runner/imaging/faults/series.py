"""Instances that contradict each other: found between files, not in any one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.base import MEASURED, SPATIAL, fault, put

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawObject


def _other_patient(broken: RawObject, _about: Faulty) -> None:
    broken.put("PatientID", (broken.text("PatientID")[:54] + "-OTHER").encode("latin-1"))
    broken.put("PatientName", "OTHER^PATIENT")


def _other_uid(keyword: str) -> Callable[[RawObject, Faulty], None]:
    def change(broken: RawObject, _about: Faulty) -> None:
        uid = broken.text(keyword)
        if not uid:
            raise CannotHaveFaultError(f"the object has no {keyword}")
        last = "2" if uid.endswith("1") else "1"
        broken.put(keyword, uid[:-1] + last)

    return change


def _other_modality(broken: RawObject, _about: Faulty) -> None:
    broken.put("SeriesDescription", "Another description than the rest of the series")


def _same_place(broken: RawObject, about: Faulty) -> None:
    before = about.clean(about.image.index - 1).get("ImagePositionPatient")
    if before is None:
        raise CannotHaveFaultError("the object has no ImagePositionPatient")
    broken.put("ImagePositionPatient", before.value)


def _further_away(broken: RawObject, about: Faulty) -> None:
    """Half a distance further than it should be."""
    here = _position(broken)
    before = _position(about.clean(about.image.index - 1))
    moved = (now + (now - then) / 2 for now, then in zip(here, before, strict=True))
    broken.put("ImagePositionPatient", "\\".join(f"{number:.6g}" for number in moved))


def _position(whole: RawObject) -> list[float]:
    text = whole.text("ImagePositionPatient")
    if not text:
        raise CannotHaveFaultError("the object has no ImagePositionPatient")
    return [float(number) for number in text.split("\\")]


def _crooked(broken: RawObject, _about: Faulty) -> None:
    if not broken.text("ImageOrientationPatient"):
        raise CannotHaveFaultError("the object has no ImageOrientationPatient")
    broken.put("ImageOrientationPatient", "1\\0\\0\\0.5\\0.5\\0")


def _no_distance(broken: RawObject, _about: Faulty) -> None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        if broken.text(keyword):
            broken.put(keyword, "0\\0")
            return
    raise CannotHaveFaultError("the object has no pixel spacing")


FAULTS = (
    fault(
        "duplicate-sop-uid",
        "The last image has the SOPInstanceUID of the first",
        "unique-instance",
        images="last",
        least=2,
        uid=lambda _own, first: first,
    ),
    fault(
        "mixed-patients",
        "The last image has another PatientID and PatientName",
        "same-patient",
        images="last",
        least=2,
        change=_other_patient,
    ),
    fault(
        "mixed-study",
        "The last image has another StudyInstanceUID, in the same series",
        "series-of-one-study",
        images="last",
        least=2,
        change=_other_uid("StudyInstanceUID"),
    ),
    fault(
        "mixed-series",
        "The last image has another SeriesDescription",
        "same-series",
        images="last",
        least=2,
        change=_other_modality,
    ),
    fault(
        "mixed-accession",
        "The last image has another AccessionNumber",
        "same-study",
        images="last",
        least=2,
        change=put("AccessionNumber", "OTHER"),
    ),
    fault(
        "mixed-frame-of-reference",
        "The last image has another FrameOfReferenceUID",
        "frame-of-reference",
        images="last",
        least=2,
        modalities=SPATIAL,
        change=_other_uid("FrameOfReferenceUID"),
    ),
    fault(
        "same-position",
        "The last slice lies where the one before it lies",
        "slice-positions",
        images="last",
        least=2,
        modalities=SPATIAL,
        single=True,
        change=_same_place,
    ),
    fault(
        "uneven-slices",
        "The last slice lies half a distance further away",
        "slice-spacing",
        images="last",
        least=4,
        modalities=SPATIAL,
        single=True,
        change=_further_away,
    ),
    fault(
        "broken-geometry",
        "The column direction of ImageOrientationPatient is no unit vector at a right angle",
        "orientation",
        modalities=SPATIAL,
        single=True,
        change=_crooked,
    ),
    fault(
        "zero-spacing",
        "The distance between pixels is 0",
        "spacing",
        modalities=MEASURED,
        single=True,
        change=_no_distance,
    ),
)
