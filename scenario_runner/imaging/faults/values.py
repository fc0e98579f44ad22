"""Values that their VR does not allow (PS3.5 chapter 6 and 9.1).

They stand in attributes that nothing else depends on, so that one thing is wrong and no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.api import CannotHaveFaultError
from scenario_runner.imaging.faults.base import PATIENT, STUDY, fault, put

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Faulty
    from scenario_runner.imaging.faults.raw_elements import RawObject

_DEPARTMENT = "InstitutionalDepartmentName"


def _wrong_vr(broken: RawObject, _about: Faulty) -> None:
    broken.put("StationName", "FABRICATOR", "LO")


def _bad_name(broken: RawObject, _about: Faulty) -> None:
    element = broken.get("PatientName")
    name = element.value.rstrip(b" ") if element else b""
    groups = name.count(b"=") + 1
    broken.put("PatientName", name + b"=" * (4 - groups) + b"Fourth^Group")


def _long_name(broken: RawObject, _about: Faulty) -> None:
    broken.put("PatientName", "OF-A-FAMILY-WITH-A-VERY-LONG-NAME" * 2 + "^JANE")


def _bad_age(broken: RawObject, _about: Faulty) -> None:
    if not broken.text("PatientAge"):
        raise CannotHaveFaultError("the object has no PatientAge")
    broken.put("PatientAge", "55Y")


FAULTS = (
    fault(
        "bad-uid",
        "SOPInstanceUID has a component with a leading zero",
        "uid",
        uid=lambda own, _first: (
            f"{own[:50]}.012" if not own.startswith("2.25.") else f"1.2.{own[5:45]}.012"
        ),
    ),
    fault(
        "bad-uid-root",
        "SOPInstanceUID has a root that no object identifier has (3.…)",
        "uid",
        uid=lambda own, _first: f"3.{own[2:]}",
    ),
    fault(
        "too-long-uid",
        "SOPInstanceUID has more than 64 characters",
        "vr-length",
        uid=lambda own, _first: (own + ".1234567890" * 6)[:66].rstrip(".") + "1",
    ),
    fault(
        "wrong-vr-length",
        "StationName (SH) has more than 16 characters",
        "vr-length",
        change=put("StationName", "STATION-WITH-A-LONG-NAME"),
    ),
    fault(
        "long-accession",
        "AccessionNumber (SH) has more than 16 characters",
        "vr-length",
        also=STUDY,
        change=put("AccessionNumber", "ACCESSION-TOO-LONG-1"),
    ),
    fault(
        "long-person-name",
        "A component group of PatientName has more than 64 characters",
        "vr-length",
        also=PATIENT,
        change=_long_name,
    ),
    fault(
        "wrong-vr",
        "StationName is written with VR LO instead of SH",
        "vr",
        explicit=True,
        change=_wrong_vr,
    ),
    fault(
        "bad-cs",
        "BodyPartExamined (CS) has a lower-case letter and a character that CS does not allow",
        "vr-form",
        change=put("BodyPartExamined", "Upper-Body"),
    ),
    fault(
        "bad-date",
        "ContentDate is 2026-02-30, which is neither DICOM's form nor a day",
        "vr-form",
        change=put("ContentDate", "2026-02-30"),
    ),
    fault(
        "bad-time",
        "ContentTime is 25:61, which is neither DICOM's form nor a time",
        "vr-form",
        change=put("ContentTime", "25:61"),
    ),
    fault(
        "bad-number",
        "PatientWeight (DS) has a decimal comma",
        "vr-form",
        change=put("PatientWeight", "70,5"),
    ),
    fault(
        "bad-age",
        "PatientAge has two digits",
        "vr-form",
        also=STUDY,
        change=_bad_age,
    ),
    fault(
        "bad-person-name",
        "PatientName has four component groups",
        "vr-form",
        also=PATIENT,
        change=_bad_name,
    ),
    fault(
        "line-break",
        f"{_DEPARTMENT} (LO) has a line break",
        "vr-form",
        change=put(_DEPARTMENT, "X-ray\r\nRoom 1"),
    ),
    fault(
        "too-many-values",
        "StationName has two values where one is allowed",
        "multiplicity",
        change=put("StationName", "ONE\\TWO"),
    ),
    fault(
        "null-padding",
        "StationName is padded with NULL instead of a space",
        "padding",
        change=put("StationName", b"STATION\0"),
    ),
    fault(
        "bad-enumerated",
        "BurnedInAnnotation is MAYBE",
        "enumerated",
        change=put("BurnedInAnnotation", "MAYBE"),
    ),
)
