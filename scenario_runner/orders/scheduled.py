"""A planned study as it is scheduled before it is performed: a worklist item (PS3.4 table K.6-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.dicom.times import tm
from scenario_runner.errors import Where
from scenario_runner.orders.order import Order, Said
from scenario_runner.orders.worklist import items
from scenario_runner.orders.worklist_item import STEP

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedStudy

_STEPS = "ScheduledProcedureStepSequence"


def worklist_item(study: PlannedStudy, station: str) -> dict[str, Any]:
    """A study before it is performed: the attributes of PS3.4 table K.6-1 that a plan knows.

    Patient, accession number, study UID and procedure are those that its images will have. station: the AE title of
    who is to do it.
    """
    patient = study.patient
    description = study.procedure or study.description
    known: dict[str, Any] = {}
    if study.timezone_offset:
        known["TimezoneOffsetFromUTC"] = study.timezone_offset
    if study.procedure_codes:
        known["RequestedProcedureCodeSequence"] = study.procedure_codes
    return known | {
        "AccessionNumber": study.accession,
        "ReferringPhysicianName": study.referring_physician,
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "IssuerOfPatientID": patient.issuer or "",
        "PatientBirthDate": patient.birth_date.strftime("%Y%m%d"),
        "PatientSex": patient.sex,
        "StudyInstanceUID": study.uid,
        "RequestedProcedureID": study.requested_procedure_id,
        "RequestedProcedureDescription": description,
        "RequestedProcedurePriority": "MEDIUM",
        _STEPS: [
            {
                "Modality": study.modality,
                "ScheduledStationAETitle": station,
                "ScheduledProcedureStepStartDate": study.date.strftime("%Y%m%d"),
                "ScheduledProcedureStepStartTime": tm(study.time),
                "ScheduledPerformingPhysicianName": "",
                "ScheduledProcedureStepDescription": description,
                "ScheduledProcedureStepID": study.scheduled_step_id,
            }
        ],
    }


def worklist_file(study: PlannedStudy, station: str) -> bytes:
    """The item of a study as a DICOM file, which has all that the table makes obligatory."""
    where = Where("plan", 1, 1, 1, 1, label=study.id)
    item = worklist_item(study, station)
    (step,) = item.pop(_STEPS)
    said = {
        keyword: Said("", where, value) if isinstance(value, list) else Said(value, where)
        for keyword, value in {
            **item,
            **{name: step[name] for name in STEP if name in step},
        }.items()
        if value
    }
    order = Order(name=study.id, place=where, status="new", said=said)
    (content,) = items(order, station=station)
    return content
