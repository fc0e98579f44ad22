"""Digital Mammography X-Ray Image IOD, for presentation (PS3.3 A.27)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modalities import dx
from scenario_runner.imaging.modules import image, mammography, study
from scenario_runner.imaging.modules.anatomy import VIEW_CODES
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of a mammography series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series, image_laterality=True)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", ""])
    dx.dx_series(dataset)
    dataset.AnatomicRegionSequence = Sequence([study.code("76752008", "SCT", "Breast")])
    dx.dx_image(dataset, frame)
    detector(dataset, series)
    mammography_image(dataset)
    dataset.AcquisitionContextSequence = Sequence()
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image: side and view above all."""
    values = image.general_image_each(planned, seconds_apart=45)
    side, view = mammography.side_and_view(planned.series, planned.index)
    code, meaning = VIEW_CODES[view]
    item = study.code(code, "SCT", meaning)
    item.ViewModifierCodeSequence = Sequence()
    values["ImageLaterality"] = side
    values["ViewCodeSequence"] = Sequence([item])
    values["PatientOrientation"] = mammography.orientation(side, view)
    values["PositionerPrimaryAngle"] = ds(mammography.angle(side, view))
    return values


def detector(dataset: Dataset, series: PlannedSeries) -> None:
    """DX Detector Module (C.8.11.4) with a 24 cm by 29 cm mammography detector."""
    spacing = ds(round(290 / max(series.rows, series.columns), 6))
    dataset.DetectorType = "DIRECT"
    dataset.DetectorConfiguration = "AREA"
    dataset.DetectorID = "FABRICATOR"
    dataset.ImagerPixelSpacing = [spacing, spacing]


def mammography_image(dataset: Dataset) -> None:
    """Mammography Image Module (C.8.11.7)."""
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.OrganExposed = "BREAST"
    dataset.BreastImplantPresent = "NO"
    dataset.PartialView = "NO"
    dataset.CompressionForce = "110"
    dataset.BodyPartThickness = "52"
    dataset.KVP = "29"
    dataset.ExposureTime = 900
    dataset.XRayTubeCurrent = 80
    dataset.Exposure = 72
    dataset.AnodeTargetMaterial = "TUNGSTEN"
    dataset.FilterMaterial = "RHODIUM"
    dataset.Grid = "RECIPROCATING"
    dataset.DistanceSourceToDetector = "650"
    dataset.DistanceSourceToPatient = "630"
    dataset.EstimatedRadiographicMagnificationFactor = ds(650 / 630)
    dataset.OrganDose = "0.012"
