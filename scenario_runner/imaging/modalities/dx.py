"""Digital X-Ray Image IOD, for presentation (PS3.3 A.26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import anatomy, image, study
from scenario_runner.planning.examinations import CODING_SCHEME

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of a DX series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series, image_laterality=True)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", ""])
    dx_series(dataset)
    dx_anatomy(dataset, series)
    dx_image(dataset, frame)
    dataset.PatientOrientation = anatomy.projection_orientation(series)
    dx_detector(dataset, series)
    dx_positioning(dataset, series)
    dataset.AcquisitionContextSequence = Sequence()
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=20)


def dx_series(dataset: Dataset) -> None:
    """DX Series Module (C.8.11.1)."""
    dataset.PresentationIntentType = "FOR PRESENTATION"


def dx_anatomy(dataset: Dataset, series: PlannedSeries) -> None:
    """DX Anatomy Imaged Module (C.8.11.2)."""
    dataset.ImageLaterality = anatomy.laterality(series)
    dataset.AnatomicRegionSequence = Sequence(_region(series))


def _region(series: PlannedSeries) -> list[Dataset]:
    """The region that BodyPartExamined names; a term of a department's own has a code of our own.

    The attribute is of Type 2, and empty only when nobody knows (PS3.5 7.4.3).
    """
    part = anatomy.body_part(series)
    if part is not None:
        return [study.code(part.code, "SCT", part.meaning)]
    term = series.body_part.strip()[:16]
    return [study.code(term, CODING_SCHEME, term)] if term else []


def dx_image(dataset: Dataset, frame: Frame) -> None:
    """DX Image Module (C.8.11.3): values are P-Values, bone bright."""
    image.image_pixel(dataset, frame)
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = -1
    dataset.RescaleIntercept = "0"
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "US"
    dataset.PresentationLUTShape = "IDENTITY"
    image.voi_lut(dataset, frame)


def dx_detector(dataset: Dataset, series: PlannedSeries) -> None:
    """DX Detector Module (C.8.11.4)."""
    dataset.DetectorType = "SCINTILLATOR"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorID = "FABRICATOR"
    dataset.ImagerPixelSpacing = anatomy.detector_spacing(series)


def dx_positioning(dataset: Dataset, series: PlannedSeries) -> None:
    """DX Positioning Module (C.8.11.5) and what the generator was set to (C.8.7.8)."""
    dataset.PositionerType = "NONE"
    view = anatomy.view_position(series)
    if view:
        dataset.ViewPosition = view
    if view in anatomy.VIEW_CODES:
        value, meaning = anatomy.VIEW_CODES[view]
        dataset.ViewCodeSequence = Sequence([study.code(value, "SCT", meaning)])
        dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence()
    dataset.DistanceSourceToDetector = "1800"
    dataset.KVP = "110"
    dataset.ExposureTime = 12
    dataset.XRayTubeCurrent = 250
    dataset.Exposure = 3
