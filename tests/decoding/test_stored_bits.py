"""Pixels are the bits that Bits Stored and High Bit name, as DCMTK reads them, by every way to them."""

from __future__ import annotations

import struct
import subprocess
from base64 import b64decode
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from scenario_runner.archive.transcoding import transcode
from scenario_runner.decoding import UndecodableError, decompress, frame_of, pixels_of
from scenario_runner.decoding.stored_bits import stored_values
from scenario_runner.dicom.elements import read_elements
from scenario_runner.dicom.json_model import of_elements
from scenario_runner.dicom.part10 import file_meta, read_meta
from scenario_runner.dicom.syntaxes import RLE, encoding_of
from scenario_runner.showing.rendering import render
from tests.archive.samples import sample

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

IMPLICIT, EXPLICIT, BIG, DEFLATED = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".2", ".1.99"))
CELLS = np.random.default_rng(9).integers(0, 1 << 16, (8, 8), dtype=np.uint16)


def written(folder: Path, syntax: str, high: int, representation: int = 0) -> Path:
    order = ">u2" if syntax == BIG else "<u2"
    one = sample(
        transfer_syntax=syntax, BitsStored=12, HighBit=high, PixelRepresentation=representation,
        PixelData=CELLS.astype(order).tobytes(),
    )  # fmt: skip
    path = folder / "one.dcm"
    path.write_bytes(one.file)
    return path


@given(st.integers(1, 16), st.integers(0, 15), st.integers(0, 0xFFFF), st.booleans())
def test_a_value_is_what_stands_at_its_place(
    stored: int, high: int, cell: int, signed: bool
) -> None:
    cells = np.array([cell], np.uint16)
    values = stored_values(cells.view(np.int16) if signed else cells, stored, high)
    below = high + 1 - stored if high + 1 >= stored else 0
    expected = cell >> below & (1 << stored) - 1
    if signed and expected >> stored - 1:
        expected -= 1 << stored
    assert values.tolist() == [expected]


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("high", [11, 13, 15])
def test_every_way_to_the_pixels_gives_them(tmp_path: Path, syntax: str, high: int) -> None:
    expected = CELLS >> (high - 11) & 0xFFF
    path = written(tmp_path, syntax, high)
    assert (frame_of(path, 1) == expected).all()
    assert (pixels_of(dcmread(path)) == expected).all()


@pytest.mark.peer
@pytest.mark.parametrize("representation", [0, 1])
@pytest.mark.parametrize("high", [11, 13, 15])
def test_dcmtk_draws_the_same(tmp_path: Path, high: int, representation: int) -> None:
    path, drawn = written(tmp_path, EXPLICIT, high, representation), tmp_path / "drawn.png"
    subprocess.run(["dcm2pnm", "+on", "+Wm", path, drawn], check=True)
    with Image.open(drawn) as image:
        theirs = np.asarray(image, np.int16)
    ours = np.asarray(render(path, 1), np.int16)
    assert np.abs(ours - theirs).max() <= 1


@pytest.mark.peer
def test_a_cell_of_two_words_has_its_lowest_first_in_big_endian_too_as_dcmtk_has_it(
    tmp_path: Path,
) -> None:
    cells = np.random.default_rng(9).integers(0, 1 << 32, (8, 8), dtype=np.uint32)
    little, big = tmp_path / "little.dcm", tmp_path / "big.dcm"
    one = sample(
        transfer_syntax=EXPLICIT, BitsAllocated=32, BitsStored=24, HighBit=23,
        PixelData=cells.astype("<u4").tobytes(),
    )  # fmt: skip
    little.write_bytes(one.file)
    subprocess.run(["dcmconv", "+tb", little, big], check=True)
    expected = cells & 0xFFFFFF
    for path in (little, big):
        assert (frame_of(path, 1) == expected).all()
        assert (pixels_of(dcmread(path)) == expected).all()
    # What is given to a peer that takes only Little Endian is the same again.
    stored = big.read_bytes()[read_meta(big.read_bytes()).data_offset :]
    assert transcode(stored, BIG, EXPLICIT).endswith(cells.astype("<u4").tobytes())


@pytest.mark.parametrize("bits", [32, 64])
def test_cells_that_are_one_long_word_against_the_standard_are_given_away_as_they_are_read(
    bits: int,
) -> None:
    cells = np.arange(65_500, 65_500 + 64 * 7, 7, dtype=f"u{bits // 8}").reshape(8, 8)
    given = sample(
        transfer_syntax=BIG, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1,
        PixelData=cells.astype(f">u{bits // 8}").tobytes(),
    )  # fmt: skip
    little = cells.astype(f"<u{bits // 8}").tobytes()
    assert transcode(given.data, BIG, EXPLICIT).endswith(little)
    inline = of_elements(read_elements(given.data, encoding_of(BIG)), "", ())["7FE00010"]
    assert b64decode(inline["InlineBinary"]) == little


def test_a_transfer_syntax_of_a_maker_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, EXPLICIT, 11)
    path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.113619.5.22\0"))
    with pytest.raises(UndecodableError, match=r"'1\.2\.840\.113619\.5\.22' is no transfer"):
        frame_of(path, 1)


@pytest.mark.parametrize(
    ("uid", "words"),
    [
        ("1.2.840.10008.1.2.4.110", "nothing here decodes JPEG XL Lossless"),
        ("1.2.840.10008.1.2.4.108", "nothing here decodes HEVC/H.265 Main 10"),
        ("1.2.840.10008.1.2.8.1", "nothing here decodes Deflated Image Frame Compression"),
        ("1.2.840.10008.1.2.99.9", "is newer than the transfer syntaxes known here, or none"),
    ],
)
def test_what_nothing_here_decodes_is_named_by_every_way_to_the_pixels(
    tmp_path: Path, uid: str, words: str
) -> None:
    """The Standard has them; pydicom says of some that they are none."""
    path = written(tmp_path, EXPLICIT, 11)
    whole, dataset = path.read_bytes(), dcmread(path)
    dataset.file_meta.TransferSyntaxUID = UID(uid)
    meta = file_meta(dataset.SOPClassUID, dataset.SOPInstanceUID, uid)
    path.write_bytes(meta + whole[read_meta(whole).data_offset :])
    for way in (
        lambda: frame_of(path, 1),
        lambda: pixels_of(dataset),
        lambda: decompress(path.read_bytes()),
    ):
        with pytest.raises(UndecodableError, match=words):
            way()


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG, DEFLATED])
@pytest.mark.parametrize("size", [(5, 3), (4, 4)])
def test_frames_of_single_bits_begin_behind_each_other(
    tmp_path: Path, syntax: str, size: tuple[int, int]
) -> None:
    """As in a segmentation (PS3.5 8.1.1); in Big Endian as DCMTK converts it."""
    bits = np.random.default_rng(2).integers(0, 2, (3, *size), dtype=np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    one = sample(
        transfer_syntax=EXPLICIT if syntax == BIG else syntax, Rows=size[0], Columns=size[1],
        NumberOfFrames="3", BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0,
        PixelData=packed,
    )  # fmt: skip
    path = tmp_path / "one.dcm"
    path.write_bytes(one.file)
    if syntax == BIG:
        subprocess.run(["dcmconv", "+tb", "one.dcm", "one.dcm"], cwd=tmp_path, check=True)
    assert np.array_equal(pixels_of(dcmread(path)), bits)
    for number, expected in enumerate(bits, start=1):
        for raw in (False, True):
            assert np.array_equal(frame_of(path, number, raw=raw), expected)
        assert np.array_equal(np.asarray(render(path, number)), _grey(expected))
    with pytest.raises(Exception, match="frame 4"):
        render(path, 4)


def test_single_bits_that_are_compressed_are_decoded(tmp_path: Path) -> None:
    """Each has a byte of its own then; read as bits they would be other pixels, and nobody would be told."""
    bits = np.random.default_rng(2).integers(0, 2, (5, 3), dtype=np.uint8)
    rows = b"".join(b"\2" + row.tobytes() for row in bits)
    one = sample(
        transfer_syntax=EXPLICIT, Rows=5, Columns=3, NumberOfFrames="1", BitsAllocated=1,
        BitsStored=1, HighBit=0, PixelRepresentation=0, PixelData=b"\0\0",
    )  # fmt: skip
    path = tmp_path / "one.dcm"
    path.write_bytes(one.file)
    dataset = dcmread(path)
    dataset.PixelData = encapsulate([struct.pack("<16L", 1, 64, *[0] * 14) + rows])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(RLE)
    dataset.save_as(path)
    assert np.array_equal(pixels_of(dcmread(path)), bits)
    assert np.array_equal(frame_of(path, 1), bits)


def _grey(bits: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Black and white, and grey where a frame is of one value."""
    return bits * 255 if bits.min() < bits.max() else np.full_like(bits, 128)
