"""Values that are wrong on purpose reach the objects without a word from the libraries on the way.

Warnings are errors in these tests: one that pydicom gave would end up before a user's eyes.
"""

from __future__ import annotations

import pytest

from tests.imaging.planned import factory
from tests.imaging.study_of_objects import EVERYTHING, instances, plan_study

LONG = "x" * 80
UID = "1.2.00.3"
DELIBERATE = {
    "PatientID": LONG,
    "IssuerOfPatientID": LONG,
    "PatientName": LONG,
    "PatientSex": "female",
    "PatientAddress": LONG,
    "PatientTelephoneNumbers": LONG,
    "StudyInstanceUID": UID,
    "StudyID": LONG,
    "AccessionNumber": LONG,
    "StudyDescription": LONG,
    "ReferringPhysicianName": LONG,
    "InstitutionName": LONG,
    "PerformedProcedureStepDescription": LONG,
    "SeriesInstanceUID": f"{UID}.1",
    "SOPInstanceUID": f"{UID}.2",
    "SOPClassUID": f"{UID}.4",
    "SeriesDescription": LONG,
    "ProtocolName": LONG,
    "BodyPartExamined": "low, and long too long",
    "ViewPosition": "low, and long too long",
    "FrameOfReferenceUID": f"{UID}.3",
    "SeriesNumber": "9999999999999",
}
MORE = """
          - {modality: CR, size: [64, 64]}
          - {modality: MG, size: [64, 64]}
          - {modality: MR, size: [64, 64]}
          - {modality: MR, sop_class: EnhancedMRImageStorage, frames: 3, size: [64, 64]}
          - {modality: NM, size: [64, 64]}
          - {modality: PT, size: [64, 64]}
          - {modality: XA, size: [64, 64]}
"""


def test_raw_values_of_the_plan_are_written_and_nothing_warns() -> None:
    tags = ", ".join(f"{keyword}: {{raw: '{value}'}}" for keyword, value in DELIBERATE.items())
    series = (MORE.rstrip() + EVERYTHING).replace("}\n", f", tags: {{{tags}}}}}\n")
    for one in instances(plan_study(series, patient=f"tags: {{{tags}}}")):
        dataset = one.dataset()
        for keyword, value in DELIBERATE.items():
            element = dataset.get_item(keyword)
            assert element is not None
            assert bytes(element.value).strip(b" \0") == value.encode(), (keyword, one.image)


@pytest.mark.parametrize("fault", ["bad-uid", "too-long-uid"])
def test_objects_refer_to_images_by_their_faulty_uids(fault: str) -> None:
    series = EVERYTHING.replace("size: [64, 64]", f"size: [64, 64], faults: [{fault}]")
    study, make = plan_study(series), factory().instance
    images = [image for each in study.series for image in each.images]
    shown = [make(image).sop_instance_uid.encode() for image in images if image.series.has_pixels]
    for image in images:
        if image.series.modality in {"KO", "PR", "SR"}:
            written = b"".join(make(image).buffers)
            assert any(uid in written for uid in shown), image.id
