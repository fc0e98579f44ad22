"""Pixels that cannot be decoded: said for what they are, and no end of the program."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import MPEG2MPML, UID, JPEG2000Lossless, JPEGLSLossless

from scenario_runner.decoding import UndecodableError, can_decode, frame_of
from scenario_runner.imaging.card import unshown, why_undecoded
from scenario_runner.imaging.factory import preview_png
from scenario_runner.imaging.instance import Instance
from tests.imaging.planned import factory, plan_series

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED = {
    JPEG2000Lossless: b"\xff\x4f\xff\x51" + b"x" * 100,
    JPEGLSLossless: b"\xff\xd8\xff\xf7" + b"x" * 100,
    MPEG2MPML: b"\0\0\1\xb3" + b"x" * 100,
}


def damaged(syntax: UID, folder: Path) -> Path:
    file = folder / f"{syntax.keyword}.dcm"
    factory().instance(plan_series("CT", size=(64, 64)).images[0]).write(file)
    dataset = dcmread(file)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate([DAMAGED[syntax]])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(file, implicit_vr=False, little_endian=True)
    return file


@pytest.mark.parametrize("syntax", DAMAGED)
def test_damaged_pixels_raise_and_do_not_end_the_process(syntax: UID, tmp_path: Path) -> None:
    with pytest.raises(UndecodableError):
        frame_of(damaged(syntax, tmp_path), 1)


def test_a_card_says_why_there_is_no_preview(tmp_path: Path) -> None:
    unknown = dcmread(damaged(MPEG2MPML, tmp_path))
    assert not can_decode(MPEG2MPML)
    assert why_undecoded(unknown, damaged=False) == [
        "these pixels cannot be decoded here",
        "transfer syntax MPEG2 Main Profile / Main Level",
    ]
    broken = dcmread(damaged(JPEG2000Lossless, tmp_path))
    assert can_decode(JPEG2000Lossless)
    assert why_undecoded(broken, damaged=True) == [
        "damaged pixels",
        "transfer syntax JPEG 2000 Image Compression (Lossless Only)",
    ]


@pytest.mark.parametrize("syntax", DAMAGED)
def test_the_preview_of_such_an_image_is_that_card(syntax: UID, tmp_path: Path) -> None:
    file = damaged(syntax, tmp_path)
    imported = Instance("", "", syntax, meta=b"", buffers=[file.read_bytes()])
    card = unshown(why_undecoded(dcmread(file), damaged=can_decode(syntax)), 200)
    assert Image.open(BytesIO(preview_png(imported, 200).png)).tobytes() == card.tobytes()
