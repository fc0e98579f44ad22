"""Of a deflated file whose header is asked for, nothing but the header is inflated and kept."""

from __future__ import annotations

import tracemalloc
import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from scenario_runner.dicom.datasets import open_file
from scenario_runner.dicom.elements import DamagedDatasetError, inflate, inflate_header
from scenario_runner.dicom.part10 import file_meta
from tests.archive.samples import CT_IMAGE, sample

SYNTAX = str(DeflatedExplicitVRLittleEndian)
SIDE = 4096


def squeezed(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


@pytest.fixture
def deflated(tmp_path: Path) -> Path:
    """An image of 32 MiB in a file of some KiB."""
    data = sample("1.2.3", size=SIDE, PixelData=bytes(SIDE * SIDE * 2), PatientName="A^B").data
    file = tmp_path / "deflated.dcm"
    file.write_bytes(file_meta(CT_IMAGE, "1.2.3.1.1", SYNTAX) + squeezed(data))
    return file


def test_a_header_takes_no_memory_for_the_pixels_behind_it(deflated: Path) -> None:
    open_file(deflated, stop_before_pixels=True)  # what is loaded for it is there then
    tracemalloc.start()
    kept = [open_file(deflated, stop_before_pixels=True) for _ in range(5)]
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 << 20
    assert now < 2 << 20
    assert {str(one.PatientName) for one in kept} == {"A^B"}
    assert kept[0].file_meta.TransferSyntaxUID == SYNTAX


def test_a_whole_file_keeps_its_pixels_once(deflated: Path) -> None:
    whole = open_file(deflated)
    assert len(whole.PixelData) == SIDE * SIDE * 2
    assert whole.buffer is None


def test_a_long_header_is_inflated_to_its_end() -> None:
    data = sample("1.2.3", PixelData=bytes(8 * 8 * 2), ImageComments="x" * 9_000).data
    assert inflate_header(squeezed(data)) == inflate(squeezed(data))


def test_what_cannot_be_inflated_is_said() -> None:
    with pytest.raises(DamagedDatasetError):
        inflate_header(b"\xff\xff\xff\xff")
