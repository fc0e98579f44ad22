"""Whatever bytes lie in a folder: findings, in bounded time and memory, and never a traceback."""

from __future__ import annotations

import os
import struct
import tempfile
import time
import tracemalloc
import zlib
from pathlib import Path

import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_runner.conformance.files import check_paths
from scenario_runner.conformance.standard import Standard
from scenario_runner.dicom.elements import MOST_INFLATED
from tests.conformance import objects
from tests.running import fabricate

REAL = [
    file.read_bytes()[:20_000]
    for file in sorted(Path(pydicom.data.__file__).parent.glob("*_files/*.dcm"))
    if file.stat().st_size < 200_000
]
LENGTHS = [0, 1, 3, 0x7FFF, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
VRS = [b"SQ", b"UN", b"OB", b"UI", b"DS", b"IS", b"PN", b"AT", b"US", b"UC", b"FD", b"TM"]
SYNTAXES = [objects.EXPLICIT, objects.IMPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
OPENED = struct.pack("<HH2sHL", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
    "<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with pieces cut, doubled, taken from another file, or lying about their length."""
    raw = bytearray(draw(st.sampled_from(REAL)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        kind = draw(st.sampled_from(["cut", "flip", "length", "splice", "repeat", "nest", "vr"]))
        if kind == "cut":
            del raw[at : at + draw(st.sampled_from([1, 2, 7, 8, 100, 20_000]))]
        elif kind == "flip" and at < len(raw):
            raw[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "length":
            size = draw(st.sampled_from([2, 4]))
            length = draw(st.sampled_from(LENGTHS)) & (256**size - 1)
            raw[at : at + size] = length.to_bytes(size, "little")
        elif kind == "splice":
            other = draw(st.sampled_from(REAL))
            begin = draw(st.integers(0, len(other)))
            raw[at:at] = other[begin : begin + 300]
        elif kind == "repeat":
            raw[at:at] = raw[at : at + 64] * draw(st.integers(1, 40))
        elif kind == "nest":
            raw[at:at] = OPENED * draw(st.integers(1, 60))
        elif kind == "vr":
            raw[at : at + 2] = draw(st.sampled_from(VRS))
    return bytes(raw)


@settings(max_examples=250, deadline=4000, suppress_health_check=list(HealthCheck))
@given(st.lists(damaged() | st.binary(max_size=300), min_size=1, max_size=3))
def test_a_folder_of_damaged_files_gets_findings(files: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, raw in enumerate(files):
            Path(folder, f"{number}.dcm").write_bytes(raw)
        found = dict(check_paths([Path(folder)], [Standard()]))
    assert len(found) == len(files)
    for findings in found.values():
        assert all(finding.message and finding.rule for finding in findings)


@settings(max_examples=60, deadline=4000, suppress_health_check=list(HealthCheck))
@given(damaged(), st.sampled_from(SYNTAXES))
def test_a_data_set_read_by_the_wrong_transfer_syntax_gets_findings(raw: bytes, uid: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "a.dcm")
        file.write_bytes(objects.part10({}, syntax=uid) + raw[300:])
        ((_, found),) = check_paths([file], [Standard()])
    assert found


def implicit(tag: int, value: bytes) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


@pytest.mark.parametrize(
    "value",
    [b"\x1b(B" * 300_000, b"\x1b$B0!\x1b(B" * 120_000, b"\\" * 1_000_000, b"=" * 1_000_000,
     b"^" * 1_000_000, b"9" * 1_000_000, b"1." * 500_000, "é\\".encode() * 300_000],
    ids=["escapes", "kanji", "backslashes", "groups", "components", "digits", "dots", "utf-8"],
)  # fmt: skip
@pytest.mark.parametrize("tag", [0x00100010, 0x00081030, 0x00180050, 0x00200013, 0x0020000D])
def test_a_value_made_to_take_time_takes_none(tag: int, value: bytes, tmp_path: Path) -> None:
    sets = implicit(0x00080005, b"ISO 2022 IR 6\\ISO 2022 IR 87 ")
    file = tmp_path / "slow.dcm"
    file.write_bytes(objects.part10({}, syntax=objects.IMPLICIT) + sets + implicit(tag, value))
    began = time.process_time()
    ((_, found),) = check_paths([file], [Standard()])
    assert found
    assert time.process_time() - began < 5


def test_a_bomb_goes_through_the_command_with_a_finding(tmp_path: Path) -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = (MOST_INFLATED >> 20) + 1
    bomb = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(pieces)) + deflate.flush()
    (tmp_path / "bomb.dcm").write_bytes(objects.part10({}, syntax=SYNTAXES[3]) + bomb)
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "deep.dcm").write_bytes(objects.part10({}) + OPENED * 20_000)
    done = fabricate("check", tmp_path).check(3)
    assert "bomb.dcm: error too-large" in done.out
    assert "deep.dcm: error too-large" in done.out
    assert "empty.dcm: error not-dicom" in done.out


def test_many_large_files_are_judged_one_after_the_other(tmp_path: Path) -> None:
    made = objects.ct()
    objects.put(made, "Rows", 1024)
    objects.put(made, "Columns", 1024)
    objects.put(made, "PixelData", bytes(1024 * 1024 * 2))
    first = objects.write(tmp_path / "0.dcm", made)
    for number in range(1, 8):
        os.link(first, tmp_path / f"{number}.dcm")
    del made
    tracemalloc.start()
    found = list(check_paths([tmp_path], [Standard()]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) > 8
    assert peak < 3_000_000
