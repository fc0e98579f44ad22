"""JPEG of 12 bits is decoded as its other decoder does; damaged, it is an error to tell and no end of the program."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate, generate_frames

from scenario_runner.decoding import frame_of, pixels_of
from scenario_runner.decoding.jpeg_headers import EXTENDED, wrong_with
from tests.running import fabricate

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

SIZE = (48, 40)
HEADERS = 400
"""Bytes of a frame before its first sample, or some more."""


def file(name: str = "JPGExtended.dcm") -> Path:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return Path(path)


@cache
def image() -> tuple[Dataset, bytes]:
    """An image of 12 bits and its frame, by the encoder of imagecodecs."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    pixels = ((np.sin(rows / 9) + np.cos(columns / 7) + 2) * 1000).astype("u2")
    frame = bytes(imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=12))
    dataset = dcmread(file())
    dataset.Rows, dataset.Columns = SIZE
    dataset.PixelData = encapsulate([frame])
    return dataset, frame


def decoded(frame: bytes) -> int:
    dataset = image()[0].copy()
    dataset.PixelData = encapsulate([frame])
    return pixels_of(dataset).size


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["JPGExtended.dcm", "JPEG-lossy.dcm"])
def test_real_files_are_decoded_as_imagecodecs_does(name: str) -> None:
    dataset = dcmread(file(name))
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    assert np.array_equal(frame_of(file(name), 1), imagecodecs.jpeg8_decode(frame))


def test_every_pixel_is_the_one_of_imagecodecs() -> None:
    dataset, frame = image()
    assert wrong_with(frame, *SIZE, 1, EXTENDED) is None
    assert np.array_equal(pixels_of(dataset), imagecodecs.jpeg8_decode(frame))


def test_nothing_is_printed_about_what_was_right(tmp_path: Path) -> None:
    done = fabricate("view", "--png", tmp_path / "x.png", file()).check()
    assert "Unsupported" not in done.err + done.out
    assert "SOS" not in done.err + done.out


def test_what_others_print_meanwhile_comes_through() -> None:
    code = (
        "import os\nfrom scenario_runner.decoding.standard_error import without_line\n"
        "with without_line(b'noise'):\n    os.write(2, b'noise\\nnews\\n')\n"
        "os.write(2, b'later\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stderr.split() == [b"news", b"later"]


@pytest.mark.parametrize(
    ("marker", "place", "value", "words"),
    [
        (0xC1, 1, 0xC0, "another process of JPEG, FFC0"),
        (0xC1, 4, 8, "a precision of 8 bits"),
        (0xC1, 6, 49, "49 rows, 40 columns, 1 samples"),
        (0xC1, 11, 0x21, "subsampled"),
        (0xC1, 12, 3, "without its quantization table"),
        (0xDB, 4, 0x24, "a quantization table that is none"),
        (0xC4, 4, 0x07, "a Huffman table that is none"),
        (0xC4, 21, 16, "more than 15 bits"),
        (0xDA, 6, 0x33, "without its Huffman tables"),
    ],
)
def test_what_is_wrong_is_said(marker: int, place: int, value: int, words: str) -> None:
    frame = bytearray(image()[1])
    frame[frame.index(bytes((0xFF, marker))) + place] = value
    found = wrong_with(bytes(frame), *SIZE, 1, EXTENDED)
    assert found is not None
    assert words in found
    with pytest.raises((RuntimeError, ValueError)):
        decoded(bytes(frame))


def test_a_segment_after_the_samples_that_is_longer_than_the_frame_is_refused() -> None:
    frame = image()[1]
    damaged = frame[:-2] + b"\xff\xfe\xff\xd9"
    assert wrong_with(damaged, *SIZE, 1, EXTENDED) == (
        "a segment FFFE of 65497 bytes, which are not there"
    )
    again = frame[frame.index(b"\xff\xc1") : frame.index(b"\xff\xda")]
    found = wrong_with(frame[:-2] + again + b"\xff\xd9", *SIZE, 1, EXTENDED)
    assert found == "a second frame"
    said = frame[:-2] + b"\xff\xfe\x00\x04ab\xff\xff\xd9"
    assert wrong_with(said, *SIZE, 1, EXTENDED) is None
    assert decoded(said) == SIZE[0] * SIZE[1]


def test_application_segments_that_gdcm_stumbles_over_are_refused() -> None:
    frame = image()[1]
    assert frame[6:12] == b"JFIF\0\1"
    damaged = frame[:11] + b"\xeb" + frame[12:]
    assert wrong_with(damaged, *SIZE, 1, EXTENDED) == "a version of JFIF that there is not"
    adobe = b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0"
    for transform, words in ((1, None), (9, "a colour transform that there is not")):
        made = frame[:2] + adobe + bytes((transform,)) + frame[2:]
        assert wrong_with(made, *SIZE, 1, EXTENDED) == words


@given(st.data())
def test_no_damage_ends_the_process(data: DataObject) -> None:
    frame = bytearray(image()[1])
    for _ in range(data.draw(st.integers(1, 3))):
        most = data.draw(st.sampled_from((HEADERS, len(frame) - 1)))
        frame[data.draw(st.integers(0, most))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(frame))))
    try:
        size = decoded(bytes(frame[:cut]))
    except (RuntimeError, ValueError):
        return
    assert size == SIZE[0] * SIZE[1]
