"""The studies of the cases under way as worklist items, as a RIS would have scheduled them (PS3.4 K)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.dicom.elements import Elements
    from scenario_runner.planning.plan import PlannedCase, PlannedStudy


class Schedule:
    """Worklist items made when they are asked for, from any thread. station: who is to do the work."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._lock = threading.Lock()
        self._cases: dict[str, PlannedCase] = {}

    def add(self, case: PlannedCase) -> None:
        """The studies of this case are scheduled."""
        with self._lock:
            self._cases[case.id] = case

    def remove(self, case: PlannedCase) -> None:
        """They are scheduled no longer."""
        with self._lock:
            self._cases.pop(case.id, None)

    def items(self) -> Iterator[Elements]:
        """One item for each study, in plan order."""
        from scenario_runner.dicom.elements import read_elements
        from scenario_runner.dicom.syntaxes import EXPLICIT_LE, Encoding
        from scenario_runner.network.queries import encode
        from scenario_runner.targets.identifiers import attributes

        with self._lock:
            cases = list(self._cases.values())
        for case in cases:
            for study in case.studies():
                data = encode(attributes(worklist_item(study, self._station)), EXPLICIT_LE)
                yield read_elements(data, Encoding(implicit=False))


def worklist_item(study: PlannedStudy, station: str) -> dict[str, Any]:
    """A study before it is performed: the attributes of PS3.4 table K.6-1 that a plan knows.

    Patient, accession number, study UID and procedure are those that its images will have.
    """
    patient = study.patient
    description = study.procedure or study.description
    zone = {"TimezoneOffsetFromUTC": study.timezone_offset} if study.timezone_offset else {}
    return zone | {
        "AccessionNumber": study.accession,
        "ReferringPhysicianName": study.referring_physician,
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "IssuerOfPatientID": patient.issuer or "",
        "PatientBirthDate": patient.birth_date.strftime("%Y%m%d"),
        "PatientSex": patient.sex,
        "StudyInstanceUID": study.uid,
        "RequestedProcedureID": study.study_id,
        "RequestedProcedureDescription": description,
        "RequestedProcedurePriority": "MEDIUM",
        "ScheduledProcedureStepSequence": [
            {
                "Modality": study.modality,
                "ScheduledStationAETitle": station,
                "ScheduledProcedureStepStartDate": study.date.strftime("%Y%m%d"),
                "ScheduledProcedureStepStartTime": study.time.strftime("%H%M%S"),
                "ScheduledPerformingPhysicianName": "",
                "ScheduledProcedureStepDescription": description,
                "ScheduledProcedureStepID": study.study_id,
            }
        ],
    }
