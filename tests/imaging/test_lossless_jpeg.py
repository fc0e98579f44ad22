"""Damaged lossless JPEG is an error to tell, and not the end of the program."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEGLosslessSV1

from scenario_runner.decoding import can_decode, pixels_of
from scenario_runner.decoding.jpeg_headers import wrong_with
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

SIZE = (64, 64)
HEADERS = 66
"""Bytes of a frame before its first sample."""


@cache
def image() -> tuple[Dataset, bytes]:
    """A lossless JPEG image and its one frame."""
    series = plan_series("CT", size=SIZE, transfer_syntax_uid=JPEGLosslessSV1)
    instance = factory().instance(series.images[0])
    dataset = dcmread(BytesIO(b"".join((instance.meta, *instance.buffers))), force=True)
    return dataset, next(generate_frames(dataset.PixelData, number_of_frames=1))


def patched(position: int, *values: int) -> bytes:
    frame = bytearray(image()[1])
    frame[position : position + len(values)] = values
    return bytes(frame)


def decoded(frame: bytes) -> int:
    """The number of pixels. Raises as pydicom does."""
    dataset = image()[0].copy()
    dataset.PixelData = encapsulate([frame])
    return pixels_of(dataset).size


def test_a_sound_frame_is_decoded() -> None:
    assert can_decode(JPEGLosslessSV1)
    assert wrong_with(image()[1], *SIZE, 1) is None
    assert decoded(image()[1]) == 64 * 64


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (b"", "does not begin"),
        (patched(1, 0xD9), "does not begin"),
        (image()[1][:30], "FFC4 of 31 bytes, which are not there"),
        (image()[1][:16], "ends within its headers"),
        (patched(15, 0x3B), "3BC4 where a segment begins"),
        (patched(3, 0xD0), "FFD0 where a segment begins"),
        (patched(3, 0xC0), "another process of JPEG, FFC0"),
        (patched(6, 37), "precision of 37 bits"),
        (patched(7, 0, 65), "65 rows, 64 columns, 1 samples"),
        (patched(11, 3), "frame header of a wrong length"),
        (patched(3, 0xE3), "a scan before its frame"),
        (patched(19, 0x10), "Huffman table that is none"),
        (patched(20, 200), "Huffman table that is none"),
        (patched(37, 17), "more than 16 bits"),
        (patched(52, 2), "scan header of a wrong length"),
    ],
)
def test_what_is_wrong_is_said(frame: bytes, words: str) -> None:
    found = wrong_with(frame, *SIZE, 1)
    assert found is not None
    assert words in found
    with pytest.raises((RuntimeError, ValueError)):
        decoded(frame)


@given(st.data())
def test_no_damage_of_the_headers_ends_the_process(data: DataObject) -> None:
    frame = bytearray(image()[1])
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, HEADERS))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.none(), st.integers(0, len(frame))))
    try:
        size = decoded(bytes(frame[:cut]))
    except (RuntimeError, ValueError):
        return
    assert size == 64 * 64
