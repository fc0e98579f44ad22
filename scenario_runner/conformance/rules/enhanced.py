"""Enhanced images: what their frames are told apart by, and what they say of themselves (PS3.3)."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from scenario_runner.conformance.elements import name_of
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem
from scenario_runner.conformance.rules.requirements import modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items


def dimensions(file: DicomFile) -> Iterator[Problem]:
    """What the frames of an object are told apart by is there, in every frame."""
    frames = file.data.items_of("PerFrameFunctionalGroupsSequence")
    shared = file.data.items_of("SharedFunctionalGroupsSequence")
    indexes = file.data.items_of("DimensionIndexSequence")
    yield from _organized(file)
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


def _organized(file: DicomFile) -> Iterator[Problem]:
    """Whoever names dimensions says which organization they are of, and only who names them has indices (1C)."""
    data = file.data
    named = bool(data.items_of("DimensionIndexSequence"))
    told = "multi-frame-dimension" in modules_of(file.sop_class)  # by the rule for Type 1
    if named and not told and not data.items_of("DimensionOrganizationSequence"):
        yield Problem(
            "DimensionOrganizationSequence",
            "is missing, and DimensionIndexSequence names dimensions",
        )
    for frame in () if named else data.items_of("PerFrameFunctionalGroupsSequence"):
        for content in frame.items_of("FrameContentSequence"):
            if content.get("DimensionIndexValues") is not None:
                message = "is there, but no DimensionIndexSequence"
                yield Problem(f"{content.path}DimensionIndexValues", message)
                return


def fit_for(file: DicomFile) -> Iterator[Problem]:
    """Enhanced CT and MR images, unless converted, say what they are fit for and what they show (1C)."""
    if file.sop_class not in classes.ENHANCED_ORIGINAL:
        return
    mr = file.sop_class in classes.ENHANCED_MR
    section = "PS3.3 C.8.13.1" if mr else ""
    grey = file.data.text("PhotometricInterpretation") == "MONOCHROME2"
    for keyword in _FIT_FOR + (_MR_IMAGE if mr else ()):
        if file.data.get(keyword) is None:
            yield Problem(keyword, "is missing from an enhanced image", section)
    if not mr:
        return
    if grey and file.data.get("PresentationLUTShape") is None:
        yield Problem("PresentationLUTShape", "is missing from a grey image", section)
    shared = file.data.items_of("SharedFunctionalGroupsSequence")
    frames = file.data.items_of("PerFrameFunctionalGroupsSequence")
    for group in (*shared, *frames):
        for item in group.items_of("MRImageFrameTypeSequence"):
            for keyword in _MR_CONTENT:
                if item.get(keyword) is None:
                    yield Problem(item.path + keyword, "is missing", "PS3.3 C.8.13.3.1")
    transformed = "PixelValueTransformationSequence"
    if grey and frames and not any(item.get(transformed) for item in shared):
        without = next((frame for frame in frames if not frame.get(transformed)), None)
        if without is not None:
            where = without.path + transformed
            yield Problem(where, "is missing from a grey image", "PS3.3 A.36.2.4")


_FIT_FOR = ("ContentQualification", "BurnedInAnnotation", "LossyImageCompression")
_MR_CONTENT = ("ComplexImageComponent", "AcquisitionContrast")
_MR_IMAGE = (*_MR_CONTENT, "ApplicableSafetyStandardAgency")


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
