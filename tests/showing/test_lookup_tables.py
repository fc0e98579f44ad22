"""A lookup table is applied, or what is wrong with it is said in words."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from scenario_runner.showing import display_frame
from scenario_runner.showing.lookup_tables import LookupTableError
from tests.imaging.planned import factory, plan_series
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

STORED = np.array([[0, 1], [2, 3]], np.uint8)


def image(**values: Any) -> Dataset:
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def table(descriptor: Any = None, data: Any = None) -> Sequence:
    item = Dataset()
    if descriptor is not None:
        item.add_new("LUTDescriptor", "US", descriptor)
    if data is not None:
        item.add_new("LUTData", "OW" if isinstance(data, bytes) else "US", data)
    return Sequence([item])


def palette(descriptor: Any, data: Any) -> dict[str, Any]:
    return {
        "PhotometricInterpretation": "PALETTE COLOR",
        **{
            f"{color}PaletteColorLookupTable{part}": value
            for color in ("Red", "Green", "Blue")
            for part, value in (("Descriptor", descriptor), ("Data", data))
            if value is not None
        },
    }


@pytest.mark.parametrize("data", [[1, 2, 3, 4], b"\1\0\2\0\3\0\4\0", b"\1\2\3\4"])
def test_a_table_gives_its_entries_however_they_are_stored(data: Any) -> None:
    dataset = image(VOILUTSequence=table([4, 0, 8], data))
    assert display_frame(dataset, STORED).tolist() == [[1, 2], [3, 4]]


def test_values_outside_a_table_get_its_ends() -> None:
    dataset = image(VOILUTSequence=table([2, 1, 8], [10, 20]))
    assert display_frame(dataset, STORED).tolist() == [[10, 10], [20, 20]]
    one = image(VOILUTSequence=table([1, 0, 8], 255))
    assert display_frame(one, STORED).tolist() == [[255, 255], [255, 255]]


def test_a_modality_table_goes_before_the_window() -> None:
    dataset = image(
        ModalityLUTSequence=table([4, 0, 16], [100, 200, 300, 400]), WindowCenter=250,
        WindowWidth=300, VOILUTFunction="LINEAR_EXACT",
    )  # fmt: skip
    assert display_frame(dataset, STORED).tolist() == [[0, 85], [170, 255]]


@pytest.mark.parametrize(
    "values",
    [
        {"VOILUTSequence": Sequence([])},
        {"ModalityLUTSequence": Sequence([])},
        {"RescaleSlope": None, "RescaleIntercept": None},
        {"PixelValueTransformationSequence": Sequence([])},
    ],
)
def test_what_is_there_without_a_value_says_nothing(values: dict[str, Any]) -> None:
    assert display_frame(image(**values), STORED).tolist() == [[0, 85], [170, 255]]


@pytest.mark.parametrize("keyword", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize(
    ("items", "says"),
    [
        (Sequence([Dataset()]), "is not described: its descriptor has no three numbers"),
        (table([], [1, 2]), "is not described"),
        (table([4, 0, 8]), "has no entries"),
        (table([4, 0, 8], b""), "has no entries"),
        (table([4, 0, 8], []), "has 0 of its 4 entries"),
        (table([4, 0, 8], [1, 2]), "has 2 of its 4 entries"),
        (table([4, 0, 0], [1, 2, 3, 4]), "has entries of 0 bits"),
        (table([0, 0, 16], [1, 2]), "has 2 of its 65536 entries"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_in_words(
    keyword: str, items: Sequence, says: str
) -> None:
    with pytest.raises(LookupTableError, match=says):
        display_frame(image(**{keyword: items}), STORED)


@pytest.mark.parametrize(
    ("descriptor", "data", "says"),
    [
        (None, None, "Red Palette Color Lookup Table is not described"),
        ([4, 0, 8], None, "has no entries"),
        ([4, 0, 8], b"", "has no entries"),
        ([4, 0, 8], b"\1\2", "has 2 of its 4 entries"),
        ([4, 0], b"\1\2\3\4", "is not described"),
    ],
)
def test_a_palette_that_cannot_be_used_is_told_in_words(
    descriptor: Any, data: Any, says: str
) -> None:
    with pytest.raises(LookupTableError, match=says):
        display_frame(image(**palette(descriptor, data)), STORED)


def test_view_says_that_a_table_is_empty(tmp_path: Path) -> None:
    factory().instance(plan_series("CR", size=(64, 64)).images[0]).write(tmp_path / "one.dcm")
    dataset = dcmread(tmp_path / "one.dcm")
    del dataset.WindowCenter
    del dataset.WindowWidth
    dataset.VOILUTSequence = table([4, 0, 12], [])
    dataset.save_as(tmp_path / "one.dcm")
    done = fabricate("view", tmp_path / "one.dcm", "--png", tmp_path / "one.png")
    assert done.code != 0
    assert "the VOI LUT has no entries" in done.err


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize(("intercept", "first"), [("-1024", -1000), ("0", 40000)])
def test_a_voi_table_begins_below_zero_where_values_can(
    tmp_path: Path, syntax: UID, intercept: str, first: int
) -> None:
    """As DCMTK draws it; in Implicit VR, as US and as SS the same 16 bits."""
    factory().instance(plan_series("CR", size=(64, 64)).images[0]).write(tmp_path / "one.dcm")
    dataset = dcmread(tmp_path / "one.dcm")
    for keyword in ("WindowCenter", "WindowWidth"):
        delattr(dataset, keyword)
    entries = np.arange(4000, dtype="<u2")
    values = np.linspace(first, first + 3999, 64 * 64).astype(np.int64) - int(intercept)
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.PixelData = values.astype("<u2").tobytes()
    dataset.RescaleIntercept, dataset.RescaleSlope = intercept, "1"
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = "MONOCHROME2", "IDENTITY"
    dataset.VOILUTSequence = table([4000, first % 65536, 12], entries.tobytes())
    dataset.file_meta.TransferSyntaxUID = syntax
    implicit = syntax == ImplicitVRLittleEndian
    dataset.save_as(tmp_path / "one.dcm", implicit_vr=implicit, little_endian=True)
    fabricate("view", tmp_path / "one.dcm", "--png", tmp_path / "one.png").check(0)
    command = ["dcmj2pnm", "+Wl", "1", "+op", "one.dcm", "one.pgm"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    ours, theirs = (np.asarray(Image.open(tmp_path / f"one.{end}")) for end in ("png", "pgm"))
    assert ours.shape == theirs.shape
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (ours.min(), ours.max()) == (0, 249)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_palette_of_eight_bits_may_have_an_entry_in_each_word(kind: type) -> None:
    """PS3.3 C.7.6.3.1.5 has seen it; nearly black where words are taken for 16 bits of colour."""
    entries = np.array([0, 60, 120, 255], kind).tobytes()
    dataset = image(**palette([4, 0, 8], entries))
    assert display_frame(dataset, STORED)[..., 0].tolist() == [[0, 60], [120, 255]]
