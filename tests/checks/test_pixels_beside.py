"""Pixels of two objects are compared whatever attribute they are in, and with what describes them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from scenario_runner.checks.pixels_beside import differing_pixels

VALUES = np.array([[0.5, np.nan], [-1.0, 2.0]])


def image(keyword: str, values: np.ndarray, **more: Any) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = values.shape
    data.BitsAllocated = values.itemsize * 8
    setattr(data, keyword, values.tobytes())
    for name, value in more.items():
        setattr(data, name, value)
    return data


@pytest.mark.parametrize(
    ("keyword", "kind"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")]
)
def test_pixels_that_are_no_integers_are_compared(keyword: str, kind: str) -> None:
    ours = image(keyword, VALUES.astype(kind))
    other = VALUES.copy()
    other[1, 1] += 0.25
    found = differing_pixels(ours, image(keyword, other.astype(kind)))
    assert str(found) == "1 of 4 pixel values differ, by 0.25 at most, at x 1, y 1"
    same = deepcopy(ours)
    same.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert differing_pixels(ours, same) is None, "no value is the same as no value"


def test_a_value_that_is_gone_is_told_beside_how_far_others_are_apart() -> None:
    ours = image("DoubleFloatPixelData", VALUES)
    gone = VALUES.copy()
    gone[1, 0] = np.nan
    found = differing_pixels(ours, image("DoubleFloatPixelData", gone))
    assert (
        str(found)
        == "1 of 4 pixel values differ, 1 of them a number on one side alone, at x 0, y 1"
    )
    gone[1, 1] = 3.0
    found = differing_pixels(ours, image("DoubleFloatPixelData", gone))
    assert str(found) == (
        "2 of 4 pixel values differ, by 1 at most, 1 of them a number on one side alone, at x 1, y 1"
    )
    assert found is not None
    assert (found.most, found.sent, found.received) == (1.0, 2.0, 3.0)


def test_the_same_bytes_of_another_size_are_another_picture() -> None:
    pixels = np.arange(8, dtype="<u2").reshape(2, 4)
    described = {"BitsStored": 16, "HighBit": 15, "PixelRepresentation": 0}
    ours = image("PixelData", pixels, **described)
    ours["PixelData"].VR = "OW"
    theirs = deepcopy(ours)
    assert differing_pixels(ours, theirs) is None
    theirs.Rows, theirs.Columns = 4, 2
    found = differing_pixels(ours, theirs)
    assert found is not None
    assert found.kind == "another size"


def test_pixels_on_one_side_alone_are_told_from_the_side_that_has_them() -> None:
    ours = image("FloatPixelData", VALUES.astype("<f4"))
    bare = deepcopy(ours)
    del bare.FloatPixelData
    doubles = image("DoubleFloatPixelData", VALUES)
    assert differing_pixels(bare, deepcopy(bare)) is None
    told = {str(differing_pixels(*pair)) for pair in ((ours, bare), (bare, ours), (ours, doubles))}
    assert told == {
        "no PixelData",
        "pixels where there were none",
        "another kind of pixels: DoubleFloatPixelData instead of FloatPixelData",
    }


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ("MONOCHROME1", "in MONOCHROME1 instead of MONOCHROME2: black is white"),
        ("PALETTE COLOR", "in PALETTE COLOR instead of MONOCHROME2"),
    ],
)
def test_the_same_values_in_other_shades_are_another_picture(others: str, words: str) -> None:
    pixels = np.arange(8, dtype="<u2").reshape(2, 4)
    ours = image("PixelData", pixels, BitsStored=16, HighBit=15, PixelRepresentation=0)
    ours["PixelData"].VR = "OW"
    theirs = deepcopy(ours)
    theirs.PhotometricInterpretation = others
    assert str(differing_pixels(ours, theirs)) == f"another picture: the same values {words}"
