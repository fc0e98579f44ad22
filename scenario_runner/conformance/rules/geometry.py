"""Where an image is in the patient, and how its values are shown (PS3.3 C.7.6.2, C.11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.amounts import amount
from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Element, Items

_TOLERANCE = 1e-4
"""Of direction cosines, as far as a DS of few digits can say them."""

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def orientation(file: DicomFile) -> Iterator[Problem]:
    """ImageOrientationPatient is two unit vectors at a right angle."""
    for keyword in ("ImageOrientationPatient", "ImagePositionPatient"):
        yield from _with_a_gap(file, keyword)
    numbers = file.data.decimals("ImageOrientationPatient")
    if not numbers or len(numbers) != 6:
        return
    row, column = numbers[:3], numbers[3:]
    for name, vector in (("row", row), ("column", column)):
        squared = dot(vector, vector)
        if abs(squared - 1) > _TOLERANCE:
            yield Problem(
                "ImageOrientationPatient", f"the {name} direction has length {squared**0.5:.6g}"
            )
            return
    if abs(dot(row, column)) > _TOLERANCE:
        yield Problem(
            "ImageOrientationPatient", "the row and column directions are not at right angles"
        )


def _with_a_gap(file: DicomFile, keyword: str) -> Iterator[Problem]:
    """A vector has each of its numbers, or none."""
    texts = file.data.texts(keyword)
    if "" in texts and any(texts):
        yield Problem(keyword, "has an empty value among others")


def spacing(file: DicomFile) -> Iterator[Problem]:
    """Distances between pixels are more than zero."""
    for keyword in _SPACINGS:
        yield from _with_a_gap(file, keyword)
        numbers = file.data.decimals(keyword)
        if numbers and min(numbers) <= 0:
            yield Problem(keyword, f"is {file.data.text(keyword)}")
    between = file.data.decimals("SpacingBetweenSlices")
    if between and between[0] < 0 and file.sop_class not in classes.NM:  # signed in C.8.4.15
        yield Problem("SpacingBetweenSlices", f"is {between[0]:g}", "PS3.3 C.7.6.2")


def thickness(file: DicomFile) -> Iterator[Problem]:
    """A slice has a thickness."""
    numbers = file.data.decimals("SliceThickness")
    if numbers and numbers[0] <= 0:
        yield Problem("SliceThickness", f"is {file.data.text('SliceThickness')}")


def window(file: DicomFile) -> Iterator[Problem]:
    """Each window has a centre and a width, and the width is possible for its function."""
    yield from _windows(file.data)
    for frames in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in file.data.items_of(frames):
            for voi in group.items_of("FrameVOILUTSequence"):
                yield from _windows(voi)
    for voi in file.data.items_of("SoftcopyVOILUTSequence"):
        yield from _windows(voi)


def _windows(data: Items) -> Iterator[Problem]:
    centers, widths = data.decimals("WindowCenter"), data.decimals("WindowWidth")
    for keyword in ("WindowCenter", "WindowWidth"):
        texts = data.texts(keyword)
        if len(texts) > 1 and "" in texts:
            yield Problem(f"{data.path}{keyword}", "has an empty value among several")
    if centers is None or widths is None:
        return
    if len(centers) != len(widths):
        message = f"has {amount(len(widths), 'value')}, WindowCenter {len(centers)}"
        yield Problem(f"{data.path}WindowWidth", message)
        return
    linear = data.text("VOILUTFunction") in ("", "LINEAR")
    if widths and (min(widths) < 1 if linear else min(widths) <= 0):
        least = "1 or more" if linear else "more than 0"
        message = f"is {data.text('WindowWidth')}; by this function it is {least}"
        yield Problem(f"{data.path}WindowWidth", message)


_WITH_MODALITY_LUT = (*classes.CR, *classes.SC)
"""Classes whose slope and intercept are the Modality LUT Module's, which an object need not have."""
_OF_THE_LUT = ("RescaleIntercept", "RescaleSlope", "RescaleType")


def rescale(file: DicomFile) -> Iterator[Problem]:
    """Slope and intercept come together and have values, and the slope is not zero."""
    data = file.data
    slope, intercept = data.decimals("RescaleSlope"), data.decimals("RescaleIntercept")
    if slope and slope[0] == 0:
        yield Problem("RescaleSlope", "is 0, so that every pixel means the same")
    if file.sop_class in _WITH_MODALITY_LUT:
        yield from _whole_modality_lut(data)
    elif bool(slope) != bool(intercept) and slope is not None and intercept is not None:
        missing = "RescaleIntercept" if slope else "RescaleSlope"
        if data.get(missing) is None:
            yield Problem(missing, "is missing; slope and intercept go together")


def _whole_modality_lut(data: Items) -> Iterator[Problem]:
    """What has one of the three has all of them, and not empty (1C)."""
    there = next((one for one in _OF_THE_LUT if data.get(one) is not None), None)
    for keyword in _OF_THE_LUT if there else ():
        element = data.get(keyword)
        if element is None:
            yield Problem(keyword, f"is missing; {there} is there")
        elif element.empty:
            yield Problem(keyword, "is empty")


_REAL_WORLD = 0x00409096


def real_world(items: Items, element: Element) -> Iterator[Problem]:
    """A mapping to real values says of which stored ones, and by a line or a table (1C)."""
    if element.tag != _REAL_WORLD or items.is_private(element):
        return
    for item in element.items or ():
        for end in ("First", "Last"):
            keyword = f"RealWorldValue{end}ValueMapped"
            if item.get(keyword) is None and item.get(f"DoubleFloat{keyword}") is None:
                yield Problem(item.path + keyword, "is missing from a real world value mapping")
        if item.get("RealWorldValueLUTData") is None:
            for keyword in ("RealWorldValueIntercept", "RealWorldValueSlope"):
                if item.get(keyword) is None:
                    message = "is missing, and there is no RealWorldValueLUTData"
                    yield Problem(item.path + keyword, message)


def dot(one: list[float], other: list[float]) -> float:
    """Scalar product of two vectors."""
    return sum(a * b for a, b in zip(one, other, strict=True))
