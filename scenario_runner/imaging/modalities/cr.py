"""Computed Radiography Image IOD (PS3.3 A.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset

from scenario_runner.imaging.modules import anatomy, image, study
from scenario_runner.imaging.modules.attribute_values import put

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of a CR series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    put(dataset, BodyPartExamined=series.body_part)
    dataset.ViewPosition = anatomy.view_position(series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY"])
    dataset.PatientOrientation = anatomy.projection_orientation(series)
    dataset.KVP = "110"
    dataset.ExposureTime = 12
    dataset.XRayTubeCurrent = 250
    dataset.Exposure = 3
    dataset.DistanceSourceToDetector = "1800"
    dataset.PlateType = "GENERAL PURPOSE"
    dataset.ImagerPixelSpacing = anatomy.detector_spacing(series)
    image.image_pixel(dataset, frame)
    image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=20)
