"""Objects made of other images: segmentations, parametric maps, converted series (PS3.3 C.8.20, C.8.32, C.12.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.conformance.rules import classes
from scenario_runner.conformance.rules.base import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.elements import Items

_SEGMENTS: Final = 0x00620002
_TRACKED: Final = ("TrackingID", "TrackingUID")
_REFERENCES: Final = (
    "ReferencedSeriesSequence",
    "StudiesContainingOtherReferencedInstancesSequence",
)
_OF_A_SERIES: Final = ("SeriesInstanceUID", "ReferencedInstanceSequence")
_OF_FRACTIONS: Final = ("SegmentationFractionalType", "MaximumFractionalValue")


def segments(file: DicomFile) -> Iterator[Problem]:
    """Segments say by what algorithm they were made, fractions what they are of (1C), and frames what they show."""
    data = file.data
    yield from _tracked(data)
    yield from _frames(file)
    if file.sop_class not in classes.SEGMENTATION:
        return
    for item in data.items_of("SegmentSequence"):
        kind = item.text("SegmentAlgorithmType")
        if kind in ("AUTOMATIC", "SEMIAUTOMATIC") and not item.text("SegmentAlgorithmName"):
            message = f"is missing, and SegmentAlgorithmType is {kind}"
            yield Problem(f"{item.path}SegmentAlgorithmName", message, "PS3.3 C.8.20.2")
    if data.text("SegmentationType") == "FRACTIONAL":
        for keyword in _OF_FRACTIONS:
            if _lacks(data, keyword):
                yield Problem(keyword, "is missing, and SegmentationType is FRACTIONAL")


def _tracked(data: Items) -> Iterator[Problem]:
    """What is tracked has both an identifier for people and a UID (1C)."""
    drawn = (
        one
        for annotation in data.items_of("GraphicAnnotationSequence")
        for one in annotation.items_of("GraphicObjectSequence")
    )
    for item in (*data.items_of("SegmentSequence"), *drawn):
        without = [keyword for keyword in _TRACKED if item.get(keyword) is None]
        if len(without) == 1:
            other = next(keyword for keyword in _TRACKED if keyword not in without)
            section = "PS3.3 C.8.20.4" if item.sequence == _SEGMENTS else "PS3.3 C.10.5"
            yield Problem(item.path + without[0], f"is missing beside {other}", section)


def references(file: DicomFile) -> Iterator[Problem]:
    """What an object was derived from, it lists by series, and each series with its instances (1C)."""
    if file.sop_class not in (*classes.SEGMENTATION, *classes.PARAMETRIC_MAP, *classes.CONVERTED):
        return
    data = file.data
    for series in data.items_of("ReferencedSeriesSequence"):
        for keyword in _OF_A_SERIES:
            if _lacks(series, keyword):
                yield Problem(series.path + keyword, "is missing; it is Type 1")
    if any(data.items_of(keyword) for keyword in _REFERENCES):
        return
    for group in (
        *data.items_of("SharedFunctionalGroupsSequence"),
        *data.items_of("PerFrameFunctionalGroupsSequence"),
    ):
        for derived in group.items_of("DerivationImageSequence"):
            if derived.items_of("SourceImageSequence"):
                message = f"is missing, and {derived.path}SourceImageSequence refers to instances"
                yield Problem(_REFERENCES[0], message)
                return


def _frames(file: DicomFile) -> Iterator[Problem]:
    """The frames of a segmentation are described one by one, unless they are all the tiles of a slide in order."""
    data, keyword = file.data, "PerFrameFunctionalGroupsSequence"
    if file.sop_class not in (*classes.SEGMENTATION, *classes.PARAMETRIC_MAP) or (
        data.text("DimensionOrganizationType") == "TILED_FULL"
    ):
        return
    described = data.items_of(keyword)
    if not described:
        yield Problem(keyword, "is missing, and no frame is told from another", "PS3.3 C.7.6.16")
    without = next((one for one in described if not one.items_of("FrameContentSequence")), None)
    if without is not None:
        yield Problem(
            f"{without.path}FrameContentSequence", "is missing of this frame", "PS3.3 C.7.6.16.2.2"
        )


def _lacks(items: Items, keyword: str) -> bool:
    element = items.get(keyword)
    return element is None or element.empty
