"""Nuclear Medicine Image IOD (PS3.3 A.5): a whole-body bone scan, seen from front and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.dicom.times import tm
from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import ds

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_DETECTOR_VECTOR = 0x00540020
_ENERGY_WINDOW_VECTOR = 0x00540010
_BODY_MM = 2000.0


def shared(series: PlannedSeries, frame: Frame) -> Dataset:
    """Everything the images of an NM series have alike."""
    dataset = Dataset()
    study.common_head(dataset, series)
    image.general_image(dataset, ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"])
    dataset.PatientOrientation = ""
    image.image_pixel(dataset, frame)
    spacing = ds(round(_BODY_MM / series.rows, 6))
    dataset.PixelSpacing = [spacing, spacing]
    patient_orientation(dataset)
    views = frame.count or 1
    nm_multiframe(dataset, views)
    nm_image(dataset, series)
    nm_isotope(dataset, series)
    nm_detector(dataset, series, views)
    image.voi_lut(dataset, frame)
    image.sop_common(dataset, series)
    return dataset


def each(planned: PlannedImage) -> dict[str, Any]:
    """What differs from image to image."""
    return image.general_image_each(planned, seconds_apart=1200)


def patient_orientation(dataset: Dataset) -> None:
    """NM/PET Patient Orientation Module (C.8.4.6): head first, supine."""
    recumbent = study.code("102538003", "SCT", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = Sequence(
        [study.code("40199007", "SCT", "supine")]
    )
    dataset.PatientOrientationCodeSequence = Sequence([recumbent])
    dataset.PatientGantryRelationshipCodeSequence = Sequence(
        [study.code("102540008", "SCT", "headfirst")]
    )


def nm_multiframe(dataset: Dataset, views: int) -> None:
    """NM Multi-frame Module (C.8.4.8): a frame for each detector."""
    dataset.NumberOfFrames = views
    dataset.FrameIncrementPointer = [_ENERGY_WINDOW_VECTOR, _DETECTOR_VECTOR]
    dataset.EnergyWindowVector = [1] * views
    dataset.NumberOfEnergyWindows = 1
    dataset.DetectorVector = list(range(1, views + 1))
    dataset.NumberOfDetectors = views


def nm_image(dataset: Dataset, series: PlannedSeries) -> None:
    """NM Image and Whole Body Modules (C.8.4.9, C.8.4.10)."""
    dataset.CountsAccumulated = 1_500_000
    dataset.ActualFrameDuration = 1_200_000
    dataset.AcquisitionTerminationCondition = "TIME"
    dataset.WholeBodyTechnique = "1PS"
    dataset.ScanVelocity = "1.67"
    dataset.ScanLength = round(_BODY_MM)
    dataset.TableHeight = "0"
    dataset.TableTraverse = "0"
    dataset.ImageID = series.description[:16]


def nm_isotope(dataset: Dataset, series: PlannedSeries) -> None:
    """NM Isotope Module (C.8.4.11): technetium 99m."""
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = "126", "154"
    info = Dataset()
    info.EnergyWindowName = "Tc99m"
    info.EnergyWindowRangeSequence = Sequence([window])
    dataset.EnergyWindowInformationSequence = Sequence([info])
    drug = Dataset()
    drug.RadionuclideCodeSequence = Sequence([study.code("72454009", "SCT", "^99m^Technetium")])
    drug.Radiopharmaceutical = "Tc99m HDP"
    drug.RadiopharmaceuticalStartTime = tm(series.study.time)
    drug.RadionuclideTotalDose = "650"
    dataset.RadiopharmaceuticalInformationSequence = Sequence([drug])


def nm_detector(dataset: Dataset, series: PlannedSeries, views: int) -> None:
    """NM Detector Module (C.8.4.12): one in front, one behind."""
    detectors = []
    for name, angle in (("ANTERIOR", "0"), ("POSTERIOR", "180"))[:views]:
        detector = Dataset()
        detector.CollimatorGridName = "LEHR"
        detector.CollimatorType = "PARA"
        detector.FocalDistance = "0"  # of parallel holes
        detector.FieldOfViewShape = "RECTANGLE"
        detector.StartAngle = angle
        # Seen from the front the rows run to the patient's left, from behind to the right.
        x = 1 if name == "ANTERIOR" else -1
        detector.ImageOrientationPatient = [str(x), "0", "0", "0", "0", "-1"]
        half = _BODY_MM * series.columns / series.rows / 2
        detector.ImagePositionPatient = [ds(-x * half), ds(-x * 150), ds(_BODY_MM / 2)]
        detector.ViewCodeSequence = Sequence(
            [
                study.code("272460009", "SCT", "anterior")
                if name == "ANTERIOR"
                else study.code("272461008", "SCT", "posterior")
            ]
        )
        detectors.append(detector)
    dataset.DetectorInformationSequence = Sequence(detectors)
