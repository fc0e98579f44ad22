"""Ultrasound Image and Ultrasound Multi-frame Image IODs (PS3.3 A.6, A.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.dicom.sop_classes import ULTRASOUND_MULTI_FRAME
from scenario_runner.imaging.modules import image, multiframe, study

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_KINDS = {
    "BREAST": "BREAST", "CAROTID": "VASCULAR", "HIP": "MUSCULOSKELETAL", "LEG": "VASCULAR",
    "PROSTATE": "PELVIC", "TESTIS": "SCROTAL", "THYROID": "SMALL PARTS", "UTERUS": "PELVIC",
}  # fmt: skip
"""Value 3 of ImageType by body part (C.8.5.6.1.1)."""
_DEPTH_CM = 16.0
_CM = 3


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of an ultrasound series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    color = frame.samples > 1
    # Value 4 adds up what is shown (C.8.5.6.1.1): 0001 two-dimensional, 0010 colour Doppler.
    kind = _KINDS.get(series.body_part.upper(), "ABDOMINAL")
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", kind, "0011" if color else "0001"])
    dataset.PatientOrientation = ""
    image.image_pixel(dataset, frame)
    if series.sop_class_uid == ULTRASOUND_MULTI_FRAME:
        multiframe.cine(dataset, frame, 40.0)
    if not color:
        image.voi_lut(dataset, frame)
    dataset.UltrasoundColorDataPresent = 1 if color else 0
    dataset.SequenceOfUltrasoundRegions = Sequence([region(series)])
    dataset.TransducerType = "SECTOR_PHASED"
    dataset.MechanicalIndex = "0.8"
    dataset.BoneThermalIndex = "0.4"
    dataset.SoftTissueThermalIndex = "0.4"
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=15)


def region(series: PlannedSeries) -> Dataset:
    """US Region Calibration Module (C.8.5.5): the whole image, in centimetres."""
    item = Dataset()
    item.RegionSpatialFormat = 1
    item.RegionDataType = 1
    item.RegionFlags = 2
    item.RegionLocationMinX0 = 0
    item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1 = series.columns - 1
    item.RegionLocationMaxY1 = series.rows - 1
    item.PhysicalUnitsXDirection = _CM
    item.PhysicalUnitsYDirection = _CM
    item.PhysicalDeltaX = item.PhysicalDeltaY = _DEPTH_CM / (series.rows * 0.92)
    return item
