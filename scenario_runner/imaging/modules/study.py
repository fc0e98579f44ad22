"""General Study, General Series, General Equipment, Frame of Reference (PS3.3 C.7.2 to C.7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset

from scenario_runner.dicom.times import tm
from scenario_runner.imaging.modules import anatomy
from scenario_runner.imaging.modules.attribute_values import da, put
from scenario_runner.imaging.modules.patient import patient, patient_study
from scenario_runner.version import __version__

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries, PlannedStudy

MANUFACTURER = "DICOM Fabricator"


def general_study(dataset: Dataset, planned: PlannedStudy) -> None:
    """General Study Module (C.7.2.1)."""
    put(
        dataset,
        StudyInstanceUID=planned.uid,
        StudyDate=da(planned.date),
        StudyTime=tm(planned.time),
        ReferringPhysicianName=planned.referring_physician,
        StudyID=planned.study_id,
        AccessionNumber=planned.accession,
    )
    if planned.description:
        put(dataset, StudyDescription=planned.description)
    if planned.procedure_code:
        dataset.ProcedureCodeSequence = [code(*planned.procedure_code)]


def general_series(dataset: Dataset, planned: PlannedSeries) -> None:
    """General Series Module (C.7.3.1) without laterality, which depends on the IOD."""
    put(
        dataset,
        Modality=planned.modality,
        SeriesInstanceUID=planned.uid,
        SeriesNumber=planned.number,
        SeriesDate=da(planned.date),
        SeriesTime=tm(planned.time),
    )
    if planned.description:
        put(dataset, SeriesDescription=planned.description)
    if planned.protocol:
        put(dataset, ProtocolName=planned.protocol)
    if planned.body_part:
        put(dataset, BodyPartExamined=planned.body_part)
    if planned.study.procedure:
        put(dataset, PerformedProcedureStepDescription=planned.study.procedure)


def general_equipment(dataset: Dataset, planned: PlannedSeries) -> None:
    """General Equipment Module (C.7.5.1)."""
    dataset.Manufacturer = MANUFACTURER
    if planned.study.institution:
        put(dataset, InstitutionName=planned.study.institution)
    dataset.StationName = "FABRICATOR"
    dataset.ManufacturerModelName = f"Synthetic {planned.modality}"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = __version__


def frame_of_reference(dataset: Dataset, planned: PlannedSeries) -> None:
    """Frame of Reference Module (C.7.4.1)."""
    put(dataset, FrameOfReferenceUID=planned.frame_of_reference_uid)
    dataset.PositionReferenceIndicator = ""


def laterality(dataset: Dataset, planned: PlannedSeries) -> None:
    """Laterality of the General Series Module (C.7.3.1).

    L or R for a paired part, empty where that is not known; an unpaired part has none, whatever the
    scenario says, and ``tags`` can still give it one.
    """
    part = anatomy.body_part(planned)
    if part and not part.paired:
        return
    side = anatomy.laterality(planned)
    if side in ("L", "R"):
        dataset.Laterality = side
    else:
        dataset.Laterality = ""


def common_head(
    dataset: Dataset, planned: PlannedSeries, *, image_laterality: bool = False
) -> None:
    """The modules that stand at the head of every composite IOD.

    image_laterality: the IOD has ImageLaterality, and so must not have Laterality.
    """
    patient(dataset, planned.study.patient)
    patient_study(dataset, planned.study)
    general_study(dataset, planned.study)
    general_series(dataset, planned)
    general_equipment(dataset, planned)
    if not image_laterality:
        laterality(dataset, planned)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item
