"""Positron Emission Tomography Image IOD (PS3.3 A.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.dicom.times import tm
from scenario_runner.imaging.modalities.nm import patient_orientation
from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import da, ds
from scenario_runner.imaging.modules.geometry import stack_of

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_HALF_LIFE_S = 6586.2
_DOSE_BQ = 350e6


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the slices of a PET series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    study.frame_of_reference(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY"])
    stack_of(series).shared(dataset)
    patient_orientation(dataset)
    pet_series(dataset, series)
    pet_isotope(dataset, series)
    image.image_pixel(dataset, frame)
    slope, intercept = frame.rescale
    dataset.RescaleIntercept, dataset.RescaleSlope = ds(intercept), ds(slope)
    dataset.FrameReferenceTime = "60000"
    dataset.ActualFrameDuration = 120_000
    dataset.DecayFactor = "1.02"
    image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from slice to slice; a PET series is acquired at one time."""
    series = planned.series
    values = image.general_image_each(planned, seconds_apart=0)
    values.update(stack_of(series).each(planned.index))
    values["ImageIndex"] = series.image_count - planned.index
    return values


def pet_series(dataset: Dataset, series: PlannedSeries) -> None:
    """PET Series Module (C.8.9.1): a static, attenuation-corrected study in Bq/ml."""
    dataset.Units = "BQML"
    dataset.CountsSource = "EMISSION"
    dataset.SeriesType = ["STATIC", "IMAGE"]
    dataset.NumberOfSlices = series.image_count
    dataset.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    dataset.RandomsCorrectionMethod = "DLYD"
    dataset.AttenuationCorrectionMethod = "CT"
    dataset.ScatterCorrectionMethod = "Simulated"
    dataset.DecayCorrection = "START"
    dataset.ReconstructionMethod = "OSEM"
    dataset.CollimatorType = "NONE"
    # DoseCalibrationFactor and so on are of no use when nothing was measured.
    dataset.PatientWeight = "75"
    dataset.PatientSize = "1.74"


def pet_isotope(dataset: Dataset, series: PlannedSeries) -> None:
    """PET Isotope Module (C.8.9.2): fluorodeoxyglucose, given at the study's time."""
    drug = Dataset()
    drug.Radiopharmaceutical = "Fluorodeoxyglucose F^18^"
    drug.RadiopharmaceuticalCodeSequence = Sequence(
        [study.code("35321007", "SCT", "Fluorodeoxyglucose F^18^")]
    )
    drug.RadiopharmaceuticalStartTime = tm(series.study.time)
    drug.RadiopharmaceuticalStartDateTime = da(series.study.date) + tm(series.study.time)
    drug.RadionuclideTotalDose = ds(_DOSE_BQ)
    drug.RadionuclideHalfLife = ds(_HALF_LIFE_S)
    drug.RadionuclidePositronFraction = "0.967"
    drug.RadionuclideCodeSequence = Sequence([study.code("77004003", "SCT", "^18^Fluorine")])
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])
