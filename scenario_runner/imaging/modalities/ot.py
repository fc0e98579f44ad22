"""Secondary Capture Image IOD (PS3.3 A.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset

from scenario_runner.dicom.times import tm
from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import da
from scenario_runner.imaging.modules.study import MANUFACTURER

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of a series of secondary captures have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    image.general_image(dataset, ["DERIVED", "SECONDARY"])
    dataset.PatientOrientation = ""
    sc_equipment(dataset, series)
    image.image_pixel(dataset, frame)
    if dataset.SamplesPerPixel == 1:
        image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned)


def sc_equipment(dataset: Dataset, series: PlannedSeries) -> None:
    """SC Equipment and SC Image Modules (C.8.6.1, C.8.6.2)."""
    dataset.ConversionType = "SYN"
    dataset.DateOfSecondaryCapture = da(series.date)
    dataset.TimeOfSecondaryCapture = tm(series.time)
    dataset.SecondaryCaptureDeviceManufacturer = MANUFACTURER
    dataset.SecondaryCaptureDeviceManufacturerModelName = "Synthetic OT"
