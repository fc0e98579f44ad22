"""MR Image IOD (PS3.3 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset

from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.imaging.modules.geometry import stack_of
from scenario_runner.imaging.modules.mr_sequence import contrast_of

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the slices of an MR series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    study.frame_of_reference(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", "OTHER"])
    stack = stack_of(series)
    stack.shared(dataset)
    dataset.PatientPosition = "HFS"
    mr_image(dataset, series)
    image.image_pixel(dataset, frame)
    image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from slice to slice."""
    values = image.general_image_each(planned, seconds_apart=4)
    values.update(stack_of(planned.series).each(planned.index))
    return values


def mr_image(dataset: Dataset, series: PlannedSeries) -> None:
    """MR Image Module (C.8.3.1): a 1.5 T spin echo, with inversion for FLAIR."""
    contrast = contrast_of(series)
    dataset.ScanningSequence = contrast.scanning_sequence
    dataset.SequenceVariant = "SK"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.SequenceName = contrast.name
    dataset.RepetitionTime = ds(contrast.repetition_ms)
    dataset.EchoTime = ds(contrast.echo_ms)
    dataset.EchoTrainLength = contrast.echo_train
    if contrast.inversion_ms is not None:
        dataset.InversionTime = ds(contrast.inversion_ms)
    dataset.FlipAngle = ds(contrast.flip_angle)
    dataset.NumberOfAverages = "1"
    dataset.ImagingFrequency = "63.87"
    dataset.ImagedNucleus = "1H"
    dataset.EchoNumbers = 1
    dataset.MagneticFieldStrength = "1.5"
    dataset.PercentSampling = "100"
    dataset.PercentPhaseFieldOfView = "100"
    dataset.PixelBandwidth = "130"
    dataset.InPlanePhaseEncodingDirection = "ROW"
    dataset.SAR = "0.5"
