"""What objects without pixels share: the head of every one, and that of reports (PS3.3 C.17.1, C.17.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydicom import Dataset
from pydicom.sequence import Sequence

from scenario_runner.dicom.times import tm
from scenario_runner.imaging.modules import image, study
from scenario_runner.imaging.modules.attribute_values import da, put
from scenario_runner.imaging.modules.patient import patient, patient_study

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

SYNTHETIC = (
    "SYNTHETIC TEST DATA made by DICOM Fabricator; about no real person, for no clinical use."
)


def head(series: PlannedSeries) -> Dataset:
    """Patient, Patient Study, General Study, General Equipment and SOP Common, and who the series is."""
    dataset = Dataset()
    patient(dataset, series.study.patient)
    patient_study(dataset, series.study)
    study.general_study(dataset, series.study)
    put(
        dataset,
        Modality=series.modality,
        SeriesInstanceUID=series.uid,
        SeriesNumber=series.number,
    )
    if series.description:
        put(dataset, SeriesDescription=series.description)
    study.general_equipment(dataset, series)
    image.sop_common(dataset, series)
    return dataset


def report_series(dataset: Dataset, series: PlannedSeries) -> None:
    """SR Document Series and Key Object Document Series Modules (C.17.1, C.17.6.1)."""
    dataset.SeriesDate = da(series.date)
    dataset.SeriesTime = tm(series.time)
    dataset.ReferencedPerformedProcedureStepSequence = Sequence()


def each(planned: PlannedImage) -> dict[str, Any]:
    """Identity and content time of one object; they follow each other by a minute."""
    return image.sop_each(planned, seconds_apart=60)
