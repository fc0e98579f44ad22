"""Enumerated Values, and attributes that are required under a condition (PS3.3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items


class Enumerated(NamedTuple):
    """The values an attribute can have. classes: in which SOP classes; empty for all."""

    keyword: str
    values: tuple[str, ...]
    section: str
    classes: tuple[str, ...] = ()


_YES_NO = ("YES", "NO")
_BREAST = (*classes.MG, *classes.TOMOSYNTHESIS)
_ENUMERATED = (
    Enumerated("PatientSex", ("M", "F", "O"), "PS3.3 C.7.1.1"),
    Enumerated("PatientIdentityRemoved", _YES_NO, "PS3.3 C.7.1.1"),
    Enumerated("QualityControlSubject", _YES_NO, "PS3.3 C.7.1.1"),
    Enumerated("Laterality", ("R", "L"), "PS3.3 C.7.3.1"),
    Enumerated("ImageLaterality", ("R", "L", "U", "B"), "PS3.3 C.7.6.1"),
    Enumerated("BurnedInAnnotation", _YES_NO, "PS3.3 C.7.6.1"),
    Enumerated("QualityControlImage", (*_YES_NO, "BOTH"), "PS3.3 C.7.6.1"),
    Enumerated("LossyImageCompression", ("00", "01"), "PS3.3 C.7.6.1.1.5"),
    Enumerated("PresentationIntentType", ("FOR PRESENTATION", "FOR PROCESSING"), "PS3.3 C.8.11.1"),
    Enumerated(
        "PresentationLUTShape", ("IDENTITY", "INVERSE"), "PS3.3 C.8.11.3", classes.DX_FAMILY
    ),
    Enumerated("PixelIntensityRelationship", ("LIN", "LOG"), "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Enumerated("RescaleType", ("US",), "PS3.3 C.8.11.3", classes.DX_FAMILY),
    Enumerated("BreastImplantPresent", _YES_NO, "PS3.3 C.8.11.7", _BREAST),
    Enumerated("PartialView", _YES_NO, "PS3.3 C.8.11.7", _BREAST),
    Enumerated("PositionerType", ("MAMMOGRAPHIC", "NONE"), "PS3.3 C.8.11.7", classes.MG),
    Enumerated(
        "PixelPresentation",
        ("COLOR", "MONOCHROME", "MIXED", "TRUE_COLOR"),
        "PS3.3 C.8.16.2.1",
        classes.ENHANCED,
    ),
    Enumerated(
        "VolumetricProperties",
        ("VOLUME", "SAMPLED", "DISTORTED", "MIXED"),
        "PS3.3 C.8.16.2.1",
        classes.ENHANCED,
    ),
    Enumerated(
        "ContentQualification",
        ("PRODUCT", "RESEARCH", "SERVICE"),
        "PS3.3 C.8.13.2.1",
        classes.ENHANCED,
    ),
    Enumerated("PresentationLUTShape", ("IDENTITY", "INVERSE"), "PS3.3 C.11.6", classes.ENHANCED),
    Enumerated("CompletionFlag", ("PARTIAL", "COMPLETE"), "PS3.3 C.17.2", classes.SR),
    Enumerated("VerificationFlag", ("UNVERIFIED", "VERIFIED"), "PS3.3 C.17.2", classes.SR),
    Enumerated("WholeBodyTechnique", ("1PS", "2PS", "PCN", "MSP"), "PS3.3 C.8.4.9", classes.NM),
    Enumerated("CountsSource", ("EMISSION", "TRANSMISSION"), "PS3.3 C.8.9.1", classes.PT),
    Enumerated("RadiationSetting", ("SC", "GR"), "PS3.3 C.8.7.2", (*classes.XA, *classes.RF)),
    Enumerated("ScanningSequence", ("SE", "IR", "GR", "EP", "RM"), "PS3.3 C.8.3.1", classes.MR),
    Enumerated("MRAcquisitionType", ("2D", "3D"), "PS3.3 C.8.3.1", classes.MR),
    Enumerated("InPlanePhaseEncodingDirection", ("ROW", "COL"), "PS3.3 C.8.3.1", classes.MR),
)
_ORIGINAL = tuple(uid for uid in classes.ENHANCED if uid not in classes.TOMOSYNTHESIS)
_FRAMED = (*classes.XA, *classes.RF, *classes.US, *classes.SC[1:])
"""Classes of the Multi-frame Module; enhanced objects have functional groups instead."""
_NUMBERS = (("RescaleIntercept", 0.0), ("RescaleSlope", 1.0))
"""What values mean P-Values in the DX family, which must not be rescaled (C.8.11.3)."""


_FLAT = (
    *classes.CR, *classes.DX_FAMILY, *classes.XA, *classes.RF, *classes.US, *classes.SC, *classes.VL
)  # fmt: skip
"""Classes whose images need not have a place in the patient."""


def enumerated(file: DicomFile) -> Iterator[Problem]:
    """Attributes with Enumerated Values have one of them."""
    for row in _ENUMERATED:
        if row.classes and file.sop_class not in row.classes:
            continue
        wrong = [value for value in file.data.texts(row.keyword) if value not in row.values]
        if wrong:
            yield Problem(row.keyword, f"is '{wrong[0]}', not {', '.join(row.values)}", row.section)
    if file.sop_class in classes.DX_FAMILY:
        yield from _dx_numbers(file)


def patient_orientation(file: DicomFile) -> Iterator[Problem]:
    """An image without a place in the patient says which way its rows and columns run (2C)."""
    if file.sop_class not in _FLAT:
        return
    element = file.data.get("PatientOrientation")
    if element is None and file.data.get("ImageOrientationPatient") is not None:
        return
    if element is None:
        yield Problem("PatientOrientation", "is missing, and so are image position and orientation")


def patient_position(file: DicomFile) -> Iterator[Problem]:
    """A CT or MR image says how the patient lay (Type 2C, so it may be empty)."""
    either = ("PatientPosition", "PatientOrientationCodeSequence")
    if file.sop_class in (*classes.CT, *classes.MR, *_ORIGINAL) and all(
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


def dimensions(file: DicomFile) -> Iterator[Problem]:
    """What the frames of an object are told apart by is there, in every frame."""
    frames = file.data.items_of("PerFrameFunctionalGroupsSequence")
    shared = file.data.items_of("SharedFunctionalGroupsSequence")
    indexes = file.data.items_of("DimensionIndexSequence")
    if not frames or not indexes:
        return
    for index in indexes:
        group, pointer = (
            _tag_in(index, "FunctionalGroupPointer"),
            _tag_in(index, "DimensionIndexPointer"),
        )
        if pointer is None or pointer >> 16 & 1 or (group or 0) >> 16 & 1:
            continue
        if group is None:
            if not any(pointer in items.elements for items in (file.data, *shared, *frames)):
                message = f"is missing, and {name_of(pointer)} is in a functional group"
                yield Problem(f"{index.path}FunctionalGroupPointer", message)
            continue
        for frame in frames:
            if not any(_has_in(items, group, pointer) for items in (frame, *shared)):
                where = f"{frame.path}{name_of(group)}[0].{name_of(pointer)}"
                yield Problem(where, "is missing, and a dimension is named by it")
                break
    for frame in frames:
        for content in frame.items_of("FrameContentSequence"):
            values = content.get("DimensionIndexValues")
            count = len(values.value) // 4 if values is not None else 0
            if count != len(indexes):
                message = f"has {count} values for {len(indexes)} dimensions"
                yield Problem(f"{content.path}DimensionIndexValues", message)
                return


def original(file: DicomFile) -> Iterator[Problem]:
    """Original enhanced CT and MR images say whether they are for diagnosis, and are untouched."""
    if file.sop_class not in _ORIGINAL:
        return
    if not set(file.data.texts("ImageType")[:1]) & {"ORIGINAL", "MIXED"}:
        return
    for keyword in ("ContentQualification", "BurnedInAnnotation", "LossyImageCompression"):
        if file.data.get(keyword) is None:
            yield Problem(keyword, "is missing from an original image")


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


def _tag_in(items: Items, keyword: str) -> int | None:
    element = items.get(keyword)
    if element is None or len(element.value) < 4:
        return None
    group, number = struct.unpack_from("<HH", element.value)
    return int(group) << 16 | int(number)


def _has_in(items: Items, group: int, pointer: int) -> bool:
    sequence = items.elements.get(group)
    return any(
        pointer in item.elements and not item.elements[pointer].empty
        for item in (sequence.items if sequence is not None else None) or ()
    )


def _dx_numbers(file: DicomFile) -> Iterator[Problem]:
    for keyword, expected in _NUMBERS:
        numbers = file.data.decimals(keyword)
        if numbers and numbers[0] != expected:
            yield Problem(keyword, f"is {numbers[0]:g}, not {expected:g}", "PS3.3 C.8.11.3")
    sign = file.data.number("PixelIntensityRelationshipSign")
    if sign not in (None, 1, -1):
        message = f"is {sign}, not 1 or -1"
        yield Problem("PixelIntensityRelationshipSign", message, "PS3.3 C.8.11.3")
