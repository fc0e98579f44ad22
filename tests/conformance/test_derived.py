"""A real segmentation is right but for its number of frames, and each thing that is taken from it is missed, as dciodvfy misses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.sequence import Sequence

from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.standard import Standard
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.peer

SEGMENT, FRAMES = "SegmentSequence", "PerFrameFunctionalGroupsSequence"
SHARED = "SharedFunctionalGroupsSequence"


def segmentation() -> Dataset:
    name = get_testdata_file("liver_1frame.dcm")
    assert isinstance(name, str)
    dataset = dcmread(name)
    dataset.NumberOfFrames = 1  # which the file lacks
    return dataset


def errors(validator: Standard | Dciodvfy, file: Path) -> set[tuple[str, str]]:
    found = validator.check(file)
    return {
        (one.rule, one.attribute or "")
        for one in found
        if one.severity == "error" and one.rule != "not-judged"
    }


def without(*path: str) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        for sequence in path[:-1]:
            dataset = dataset[sequence].value[0]
        delattr(dataset, path[-1])

    return change


def fractional(dataset: Dataset) -> None:
    dataset.SegmentationType = "FRACTIONAL"
    dataset.SegmentationFractionalType = "PROBABILITY"


def tracked(dataset: Dataset) -> None:
    dataset[SEGMENT].value[0].TrackingUID = "1.2.3"


def empty_references(dataset: Dataset) -> None:
    dataset.ReferencedSeriesSequence = Sequence([])


def test_a_real_segmentation_is_right(tmp_path: Path) -> None:
    segmentation().save_as(tmp_path / "one.dcm")
    assert errors(Standard(), tmp_path / "one.dcm") == set()


@pytest.mark.parametrize(
    ("change", "rule", "attribute"),
    [
        (without(SEGMENT, "SegmentAlgorithmName"), "segments", f"{SEGMENT}[0].SegmentAlgorithmName"),
        (fractional, "segments", "MaximumFractionalValue"),
        (tracked, "segments", f"{SEGMENT}[0].TrackingID"),
        (without(FRAMES), "segments", FRAMES),
        (without(FRAMES, "FrameContentSequence"), "segments", f"{FRAMES}[0].FrameContentSequence"),
        (without("ReferencedSeriesSequence"), "references-listed", "ReferencedSeriesSequence"),
        (empty_references, "references-listed", "ReferencedSeriesSequence"),
        (without("ReferencedSeriesSequence", "SeriesInstanceUID"), "references-listed",
         "ReferencedSeriesSequence[0].SeriesInstanceUID"),
        (without("ReferencedSeriesSequence", "ReferencedInstanceSequence"), "references-listed",
         "ReferencedSeriesSequence[0].ReferencedInstanceSequence"),
        (without("DimensionIndexSequence"), "dimensions",
         f"{FRAMES}[0].FrameContentSequence[0].DimensionIndexValues"),
        (without("PositionReferenceIndicator"), "frame-of-reference-module",
         "PositionReferenceIndicator"),
        (without(SHARED, "PixelMeasuresSequence", "SliceThickness"), "type-1",
         f"{SHARED}[0].PixelMeasuresSequence[0].SliceThickness"),
    ],
)  # fmt: skip
def test_what_a_segmentation_lacks_is_told(
    change: Callable[[Dataset], None], rule: str, attribute: str, tmp_path: Path
) -> None:
    before, after = tmp_path / "before.dcm", tmp_path / "after.dcm"
    dataset = segmentation()
    dataset.save_as(before)
    change(dataset)
    dataset.save_as(after)
    assert (rule, attribute) in errors(Standard(), after)
    assert errors(Dciodvfy(), after) - errors(Dciodvfy(), before)


def test_a_verified_document_says_by_whom(tmp_path: Path) -> None:
    file = tmp_path / "one.dcm"
    factory().instance(plan_series("SR", images=1).images[0]).write(file)
    dataset = dcmread(file)
    dataset.VerificationFlag = "VERIFIED"
    dataset.save_as(file)
    assert ("verified", "VerifyingObserverSequence") in errors(Standard(), file)
    assert any("VerifyingObserver" in attribute for _, attribute in errors(Dciodvfy(), file))
