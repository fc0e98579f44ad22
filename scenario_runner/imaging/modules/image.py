"""General Image, Image Pixel, VOI LUT and SOP Common (PS3.3 C.7.6, C.11.2, C.12.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.imaging.modules.attribute_values import ds, later, put

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

NOT_A_PATIENT = "Synthetic test image made by DICOM Fabricator; shows no real person."


def general_image(dataset: Dataset, image_type: list[str]) -> None:
    """General Image Module (C.7.6.1), what images of a series have alike.

    BurnedInAnnotation is left to whoever burns in.
    """
    dataset.ImageType = image_type
    dataset.AcquisitionNumber = 1
    dataset.ImageComments = NOT_A_PATIENT
    dataset.QualityControlImage = "YES"
    dataset.LossyImageCompression = "00"


def general_image_each(image: PlannedImage, seconds_apart: float = 1.0) -> dict[str, Any]:
    """What SOP Common and General Image have of each image; times run on through the series."""
    each = sop_each(image, seconds_apart)
    return {
        **each,
        "AcquisitionDate": each["ContentDate"],
        "AcquisitionTime": each["ContentTime"],
    }


def sop_each(image: PlannedImage, seconds_apart: float) -> dict[str, Any]:
    """Identity and content time of one object of any kind."""
    series = image.series
    day, time = later(series.date, series.time, image.index * seconds_apart)
    return {
        "SOPInstanceUID": image.uid,
        "InstanceNumber": image.number,
        "ContentDate": day,
        "ContentTime": time,
    }


def image_pixel(dataset: Dataset, frame: Frame, photometric: str = "MONOCHROME2") -> None:
    """Image Pixel Description (C.7.6.3) of what the phantom drew."""
    pixels = frame.pixels
    color = frame.samples > 1
    rows, columns = frame.plane[:2]
    dataset.SamplesPerPixel = frame.samples
    dataset.PhotometricInterpretation = "RGB" if color else photometric
    if color:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = frame.bits_stored
    dataset.HighBit = frame.bits_stored - 1
    dataset.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0


def voi_lut(dataset: Dataset, frame: Frame) -> None:
    """Window of the VOI LUT Module (C.11.2)."""
    dataset.WindowCenter, dataset.WindowWidth = (ds(number) for number in frame.window)


def sop_common(dataset: Dataset, planned: PlannedSeries) -> None:
    """SOP Common Module (C.12.1) without SOPInstanceUID and character set."""
    day, time = later(planned.date, planned.time, 0)
    put(
        dataset,
        SOPClassUID=planned.sop_class_uid,
        InstanceCreationDate=day,
        InstanceCreationTime=time,
    )
    if planned.study.timezone_offset is not None:
        put(dataset, TimezoneOffsetFromUTC=planned.study.timezone_offset)
