"""CT Image IOD (PS3.3 A.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset

from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.imaging.modules.geometry import stack_of

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the slices of a CT series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    study.frame_of_reference(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", "AXIAL"])
    stack_of(series).shared(dataset)
    dataset.PatientPosition = "HFS"
    dataset.KVP = "120"
    dataset.ScanOptions = "HELICAL MODE"
    dataset.DataCollectionDiameter = "500"
    dataset.ReconstructionDiameter = ds(stack_of(series).field_mm)
    dataset.GantryDetectorTilt = "0"
    dataset.ExposureTime = 500
    dataset.XRayTubeCurrent = 200
    dataset.Exposure = 100
    dataset.ConvolutionKernel = "STANDARD"
    image.image_pixel(dataset, frame)
    slope, intercept = frame.rescale
    dataset.RescaleIntercept, dataset.RescaleSlope = ds(intercept), ds(slope)
    dataset.RescaleType = "HU"
    image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from slice to slice."""
    values = image.general_image_each(planned, seconds_apart=0.25)
    values.update(stack_of(planned.series).each(planned.index))
    return values
