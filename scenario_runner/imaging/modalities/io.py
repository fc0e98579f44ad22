"""Digital Intra-Oral X-Ray Image IOD, for presentation (PS3.3 A.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.imaging.modalities import dx
from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of an intra-oral series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series, image_laterality=True)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", ""])
    dx.dx_series(dataset)
    intraoral_anatomy(dataset, series)
    dx.dx_image(dataset, frame)
    dataset.PatientOrientation = ["A", "F"]
    spacing = ds(round(40 / max(series.rows, series.columns), 6))
    dataset.DetectorType = "SCINTILLATOR"
    dataset.DetectorConfiguration = "AREA"
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.PositionerType = "NONE"
    dataset.KVP = "65"
    dataset.AcquisitionContextSequence = Sequence()
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=30)


def intraoral_anatomy(dataset: Dataset, series: PlannedSeries) -> None:
    """What DX Anatomy Imaged and Intra-Oral Image Modules (C.8.11.2, C.8.11.8) say: lower molars."""
    right = series.laterality != "L"
    dataset.ImageLaterality = "R" if right else "L"
    dataset.AnatomicRegionSequence = Sequence([study.code("91609006", "SCT", "Mandible")])
    tooth = (
        ("866005003", "SCT", "Mandibular right first molar tooth")
        if right
        else ("866006002", "SCT", "Mandibular left first molar tooth")
    )
    dataset.PrimaryAnatomicStructureSequence = Sequence([study.code(*tooth)])
