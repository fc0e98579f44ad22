"""VL Photographic and VL Endoscopic Image IODs (PS3.3 A.32.4, A.32.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modules import image, study

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of a visible-light series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY"])
    dataset.PatientOrientation = ""
    image.image_pixel(dataset, frame)
    dataset.AcquisitionContextSequence = Sequence()
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=5)
