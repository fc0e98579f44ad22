"""Patient, Patient Study and Clinical context (PS3.3 C.7.1.1, C.7.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.modules.attribute_values import age, da, put

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedPatient, PlannedStudy

NOT_A_PERSON = "Synthetic test data, not a real person"


def patient(dataset: Dataset, planned: PlannedPatient) -> None:
    """Patient Module. PatientComments and QualityControlSubject say that nobody is meant."""
    put(
        dataset,
        PatientName=planned.name,
        PatientID=planned.patient_id,
        PatientBirthDate=da(planned.birth_date),
        PatientSex=planned.sex,
    )
    if planned.issuer:
        put(dataset, IssuerOfPatientID=planned.issuer)
    dataset.PatientComments = NOT_A_PERSON
    dataset.QualityControlSubject = "YES"
    # Address and telephone belong to no image IOD, but to a Standard Extended SOP Class
    # (PS3.2 3.11.1) that modalities send all the time, and that routers must cope with.
    if planned.address:
        put(dataset, PatientAddress=planned.address)
    if planned.phone:
        put(dataset, PatientTelephoneNumbers=planned.phone)


def patient_study(dataset: Dataset, planned: PlannedStudy) -> None:
    """Patient Study Module; the age agrees with birth date and study date."""
    value = age(planned.patient.birth_date, planned.date)
    if value:
        dataset.PatientAge = value
