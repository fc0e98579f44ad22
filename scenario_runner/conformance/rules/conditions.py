"""Attributes that are required under a condition (PS3.3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.conditional import of_a_module
from scenario_runner.conformance.rules.requirements import Required, modules_of, of_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile


_FRAMED = (*classes.XA, *classes.RF, *classes.US, *classes.SC[1:])
"""Classes of the Multi-frame Module; enhanced objects have functional groups instead."""
_FLAT = (
    *classes.CR, *classes.DX_FAMILY, *classes.XA, *classes.RF, *classes.US, *classes.SC, *classes.VL
)  # fmt: skip
"""Classes whose images need not have a place in the patient."""


def patient_orientation(file: DicomFile) -> Iterator[Problem]:
    """An image without a place in the patient says which way its rows and columns run (2C)."""
    element = file.data.get("PatientOrientation")
    quadruped = file.data.text("AnatomicalOrientationType") == "QUADRUPED"
    for value in () if quadruped else file.data.texts("PatientOrientation"):
        if value and set(value) - set("LRAPHF"):
            message = f"is '{value}'; directions are L, R, A, P, H and F"
            yield Problem("PatientOrientation", message, "PS3.3 C.7.6.1.1.1")
    if file.sop_class not in _FLAT:
        return
    if element is None and file.data.get("ImageOrientationPatient") is not None:
        return
    if element is None:
        yield Problem("PatientOrientation", "is missing, and so are image position and orientation")


def patient_position(file: DicomFile) -> Iterator[Problem]:
    """A CT or MR image says how the patient lay (Type 2C, so it may be empty), and nothing says it in two ways."""
    either = ("PatientPosition", "PatientOrientationCodeSequence")
    of_series = "rt-image" not in modules_of(file.sop_class)  # which has a position of its own
    if of_series and all(file.data.get(keyword) is not None for keyword in either):
        yield Problem("PatientPosition", "stands beside PatientOrientationCodeSequence")
    if file.sop_class in (*classes.CT, *classes.MR, *classes.ENHANCED_ORIGINAL) and all(
        file.data.get(keyword) is None for keyword in either
    ):
        yield Problem("PatientPosition", "is missing")


def repetition_time(file: DicomFile) -> Iterator[Problem]:
    """An MR image has a repetition time, unless it is one echo planar shot (Type 2C)."""
    data = file.data
    single_shot = data.texts("ScanningSequence") == ["EP"] and "SK" not in data.texts(
        "SequenceVariant"
    )
    if file.sop_class in classes.MR and not single_shot and data.get("RepetitionTime") is None:
        yield Problem("RepetitionTime", "is missing")


def decay_factor(file: DicomFile) -> Iterator[Problem]:
    """A PET image that is corrected for decay says by how much (Type 1C)."""
    corrected = file.data.text("DecayCorrection") not in ("", "NONE")
    if file.sop_class in classes.PT and corrected and not file.data.text("DecayFactor"):
        yield Problem("DecayFactor", "is missing; the image is corrected for decay")


def frames(file: DicomFile) -> Iterator[Problem]:
    """Several frames say what differs between them, by a pointer to an attribute that is there."""
    data = file.data
    pointer = data.get("FrameIncrementPointer")
    if pointer is None or pointer.empty:
        many = (data.number("NumberOfFrames") or 1) > 1
        if "multi-frame" in modules_of(file.sop_class):
            return  # told as an attribute that is Type 1
        if many and file.sop_class in _FRAMED and not (pointer and pointer.length):
            yield Problem("FrameIncrementPointer", "is missing; there are several frames")
        return
    for at in range(0, len(pointer.value) - 3, 4):
        group, number = struct.unpack_from("<HH", pointer.value, at)
        tag = group << 16 | number
        vector = data.elements.get(tag)
        if vector is None:
            yield Problem("FrameIncrementPointer", f"points to {name_of(tag)}, which is missing")
        elif file.sop_class in classes.NM and vector.vr == "US":
            values, count = len(vector.value) // 2, data.number("NumberOfFrames") or 1
            if values != count:
                message = f"has {values} values for {count} frames"
                yield Problem(name_of(tag), message, "PS3.3 C.8.4.8")


def hounsfield(file: DicomFile) -> Iterator[Problem]:
    """Original CT images are in Hounsfield units."""
    data = file.data
    kind = data.texts("ImageType")
    if file.sop_class not in classes.CT or kind[:1] != ["ORIGINAL"] or kind[2:3] == ["LOCALIZER"]:
        return
    element = data.get("RescaleType")
    if element is None or data.text("MultienergyCTAcquisition") == "YES":
        return
    if data.text("RescaleType") != "HU":
        yield Problem("RescaleType", f"is '{data.text('RescaleType')}', not HU")


def whole_body(file: DicomFile) -> Iterator[Problem]:
    """A whole body scan says how long, how fast and how far (1C and 2C)."""
    if file.sop_class not in classes.NM or file.data.texts("ImageType")[2:3] != ["WHOLE BODY"]:
        return
    duration = file.data.get("ActualFrameDuration")
    if duration is None or duration.empty:
        yield Problem("ActualFrameDuration", "is missing from a whole body image")
    for keyword in ("ScanVelocity", "ScanLength"):
        if file.data.get(keyword) is None:
            yield Problem(keyword, "is missing from a whole body image")


def positioner_motion(file: DicomFile) -> Iterator[Problem]:
    """An angiographic run says whether the positioner moved (2C)."""
    several = (file.data.number("NumberOfFrames") or 1) > 1
    if file.sop_class in classes.XA and several and file.data.get("PositionerMotion") is None:
        yield Problem("PositionerMotion", "is missing; there are several frames")


_EQUIPMENT = (
    "InstitutionName", "InstitutionAddress", "StationName", "InstitutionalDepartmentName",
    "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions",
)  # fmt: skip


def manufacturer(file: DicomFile) -> Iterator[Problem]:
    """A Secondary Capture that tells of its equipment names the maker (Type 2 of an optional module)."""
    if file.sop_class not in classes.SC or file.data.get("Manufacturer") is not None:
        return
    told = next((keyword for keyword in _EQUIPMENT if file.data.get(keyword) is not None), None)
    if told is not None:
        yield Problem("Manufacturer", f"is missing, and {told} tells of the equipment")


def region_modifier(file: DicomFile) -> Iterator[Problem]:
    """What modifies a region goes with the region."""
    keyword = "AnatomicRegionModifierSequence"
    alone = file.data.get("AnatomicRegionSequence") is None
    if alone and file.data.get(keyword) is not None and classes.is_image(file.sop_class, file.data):
        yield Problem(keyword, "modifies no region; there is no AnatomicRegionSequence")


def known_region(file: DicomFile) -> Iterator[Problem]:
    """What Type 2 is for is not known: a region that BodyPartExamined names is (PS3.5 7.4.3)."""
    element, part = file.data.get("AnatomicRegionSequence"), file.data.text("BodyPartExamined")
    if file.sop_class in classes.DX and element is not None and element.empty and part:
        message = f"is empty, and BodyPartExamined is '{part}'"
        yield Problem("AnatomicRegionSequence", message)


_OF_A_CONTAINER = (
    "ContainerComponentSequence", "ContainerDescription", "AlternateContainerIdentifierSequence",
)  # fmt: skip
_OF_A_TRIAL = (
    Required("ClinicalTrialSponsorName", "1", "PS3.3 C.7.1.3"),
    Required("ClinicalTrialProtocolID", "1", "PS3.3 C.7.1.3"),
    *(
        Required(f"ClinicalTrial{one}", "2", "PS3.3 C.7.1.3")
        for one in ("ProtocolName", "SiteID", "SiteName")
    ),
)
_OF_A_SUBJECT = ("ClinicalTrialSubjectID", "ClinicalTrialSubjectReadingID")


def specimen(file: DicomFile) -> Iterator[Problem]:
    """A photograph that tells of a specimen says which, and in which container."""
    if file.sop_class in classes.VL:
        yield from of_a_module(file.data, of_module("specimen"), _OF_A_CONTAINER, "a specimen")


def clinical_trial(file: DicomFile) -> Iterator[Problem]:
    """Who tells of the subject of a clinical trial says of which."""
    if "patient" in modules_of(file.sop_class):
        yield from of_a_module(file.data, _OF_A_TRIAL, _OF_A_SUBJECT, "a clinical trial")
