"""Whatever a file holds there are findings, never a traceback, a hang or a full memory."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pydicom.data
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_runner.conformance.dicom_file import DicomFile
from scenario_runner.conformance.element_reader import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_KEPT,
    ElementReader,
)
from scenario_runner.conformance.reader import read_stream
from scenario_runner.conformance.standard import MOST, Standard, judge
from scenario_runner.dicom.elements import MOST_INFLATED
from scenario_runner.dicom.vrs import ALL
from tests.conformance import objects

BASES = [
    objects.part10(objects.ct()),
    objects.part10(objects.ct(), syntax=objects.IMPLICIT),
    objects.part10(objects.dx()),
    objects.compressed(),
]
REAL = [
    "CT_small.dcm", "MR_small_RLE.dcm", "reportsi.dcm", "image_dfl.dcm", "ExplVR_BigEnd.dcm",
    "nested_priv_SQ.dcm", "UN_sequence.dcm", "chrJapMulti.dcm", "rtplan.dcm",
]  # fmt: skip


def rules(raw: bytes) -> set[str]:
    return {finding.rule for finding in judge(read_stream(io.BytesIO(raw)))}


def real(name: str) -> bytes:
    """A file that pydicom's wheel brings along; its look-up by name could go to the network."""
    (found,) = Path(pydicom.data.__file__).parent.glob(f"*_files/{name}")
    return found.read_bytes()[:40_000]


@pytest.mark.parametrize(
    "raw",
    [b"", b"x", b"DICM", bytes(128), bytes(132), b"GIF89a" + bytes(500), bytes(128) + b"DICX"],
)
def test_what_is_no_dicom_file_is_said_to_be_none(raw: bytes) -> None:
    assert rules(raw) == {"not-dicom"}


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*BASES, *map(real, REAL)]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), max_size=3),
)
def test_elements_read_at_once_are_those_read_one_by_one(
    raw: bytes, changes: list[tuple[int, bytes]]
) -> None:
    changed = bytearray(raw)
    for place, given_bytes in changes:
        at = place % len(changed)
        changed[at : at + len(given_bytes)] = given_bytes
    at_once = read_stream(io.BytesIO(bytes(changed)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ElementReader, "short_ones", lambda _self, _into, at, *_: at)
        one_by_one = read_stream(io.BytesIO(bytes(changed)))
    assert read_so(at_once) == read_so(one_by_one)


def read_so(file: DicomFile) -> tuple[object, ...]:
    """All that was read, to compare."""
    walked = [
        (items.path, one.tag, one.vr, one.written_vr, one.value, one.length, one.kept)
        for whole in (file.meta, file.data)
        for items, one in whole.walk()
    ]
    return walked, file.trouble, file.transfer_syntax, file.meta_length, file.whole


def test_a_file_of_a_preamble_only_lacks_everything() -> None:
    assert {"meta-missing", "type-1"} <= rules(bytes(128) + b"DICM")


@pytest.mark.parametrize("base", BASES)
def test_a_file_cut_anywhere_has_an_error(base: bytes) -> None:
    for cut in range(0, len(base) - 1, 7):
        found = judge(read_stream(io.BytesIO(base[:cut])))
        assert any(finding.severity == "error" for finding in found), cut


@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.data_too_large])
@given(st.sampled_from(BASES), st.data())
def test_changed_bytes_never_raise(base: bytes, data: st.DataObject) -> None:
    raw = bytearray(base)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(132, len(raw) - 1))
        raw[at] = data.draw(
            st.sampled_from([0, 1, 0x20, 0x5C, 0x7F, 0xFE, 0xFF]) | st.integers(0, 255)
        )
    judge(read_stream(io.BytesIO(bytes(raw))))


@pytest.mark.parametrize("name", REAL)
@settings(max_examples=40, deadline=2000)
@given(data=st.data())
def test_damaged_real_files_never_raise(name: str, data: st.DataObject) -> None:
    raw = bytearray(real(name))
    kind = data.draw(st.sampled_from(["change", "cut", "insert", "repeat"]))
    at = data.draw(st.integers(0, len(raw) - 1))
    size = data.draw(st.integers(1, 64))
    if kind == "change":
        raw[at : at + size] = data.draw(st.binary(min_size=size, max_size=size))
    elif kind == "cut":
        del raw[at : at + size]
    elif kind == "insert":
        raw[at:at] = data.draw(st.binary(min_size=size, max_size=size))
    else:
        raw[at:at] = raw[at : at + size] * 20
    judge(read_stream(io.BytesIO(bytes(raw))))


@settings(max_examples=200, deadline=2000)
@given(st.binary(max_size=400))
def test_noise_after_good_file_meta_information_never_raises(noise: bytes) -> None:
    start = objects.part10({})
    judge(read_stream(io.BytesIO(start + noise)))


KINDS = [
    objects.ct, objects.dx, objects.mr, objects.pet, objects.cine, objects.nuclear, objects.colour
]  # fmt: skip
VALUES = st.one_of(
    st.binary(max_size=80),
    st.text("0123456789.-+eE \\", max_size=80).map(str.encode),
    st.lists(st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b$)C", b"\xb0\xa1", b"A", b"^"])).map(
        b"".join
    ),
    st.sampled_from([b"9" * 6000, b"\\" * 3000, b"1." + b"2" * 3000]),
)
CHARACTER_SETS = ["ISO_IR 100", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 87", "\\ISO 2022 IR 149"]


@settings(max_examples=200, deadline=2000)
@given(st.sampled_from(KINDS), st.data())
def test_any_value_in_any_attribute_never_raises(
    kind: Callable[[], objects.Object], data: st.DataObject
) -> None:
    made = kind()
    objects.put(made, "SpecificCharacterSet", data.draw(st.sampled_from(CHARACTER_SETS)))
    for number in data.draw(st.lists(st.sampled_from(sorted(made)), max_size=8)):
        old = made[number]
        own = old[0] if isinstance(old, tuple) else "LO"
        vr = data.draw(st.just(own) | st.sampled_from(sorted(ALL - {"SQ"})))
        made[number] = (vr, data.draw(VALUES))
    for syntax in (objects.EXPLICIT, objects.IMPLICIT, objects.JPEG_LS):
        judge(read_stream(io.BytesIO(objects.part10(made, syntax=syntax))))


def test_deep_nesting_is_refused_not_followed() -> None:
    opened = objects.header(0x0040A730, "SQ", 0xFFFFFFFF, implicit=False)
    opened += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    assert "too-large" in rules(objects.part10({}) + opened * 50_000)
    assert MAX_DEPTH < 100


def test_a_great_many_elements_are_bounded_in_time() -> None:
    empty = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * (MAX_ELEMENTS + 10)
    raw = objects.part10({}) + objects.header(0x0040A730, "SQ", 0xFFFFFFFF, implicit=False) + empty
    began = time.monotonic()
    assert "too-large" in rules(raw)
    assert time.monotonic() - began < 20


def test_a_length_of_four_gigabytes_allocates_nothing() -> None:
    lying = objects.header(0x7FE00010, "OW", 0xFFFFFFFE, implicit=False) + bytes(100)
    tracemalloc.start()
    found = rules(objects.part10({}) + lying)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "truncated" in found
    assert peak < 20_000_000


def test_a_bomb_is_not_inflated() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    pieces = (MOST_INFLATED >> 20) + 1
    bomb = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(pieces)) + deflate.flush()
    syntax = "1.2.840.10008.1.2.1.99"
    assert "too-large" in rules(objects.part10({}, syntax=syntax) + bomb)


def test_large_pixel_data_is_passed_over(tmp_path: Path) -> None:
    made = objects.ct()
    objects.put(made, "Rows", 8192)
    objects.put(made, "Columns", 8192)
    objects.put(made, "PixelData", bytes(8192 * 8192 * 2))
    file = objects.write(tmp_path / "large.dcm", made)
    del made
    tracemalloc.start()
    assert Standard().check(file) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_file_that_is_wrong_everywhere_says_so_and_stops() -> None:
    made = objects.ct()
    for number in range(0x1000, 0x1000 + 2 * MOST):
        made[0x00110000 | number] = ("LO", b"no creator")
    found = judge(read_stream(io.BytesIO(objects.part10(made))))
    assert len(found) == MOST + 1
    assert found[-1].rule == "too-many"


def test_values_beyond_what_memory_is_for_are_passed_over_and_said_to_be() -> None:
    items = objects.item(objects.element(0x00204000, ("LT", b"A" * 8_000), implicit=False)) * 9_000
    sequence = objects.header(0x0040A730, "SQ", len(items), implicit=False)
    raw = objects.part10({}) + sequence + items
    tracemalloc.start()
    found = rules(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "unjudged" in found
    assert peak < 2 * MAX_KEPT


def test_deep_paths_cost_nothing_until_they_are_said() -> None:
    item = b""
    for _ in range(MAX_DEPTH - 2):
        inner = struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
        item = objects.header(0x0040A730, "SQ", len(inner), implicit=False) + inner
    empty = struct.pack("<HHI", 0xFFFE, 0xE000, 0) * 50_000
    wide = struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    raw = objects.part10({}) + objects.header(
        0x0040A730, "SQ", len(empty) + len(wide), implicit=False
    )
    tracemalloc.start()
    rules(raw + empty + wide)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


def test_an_icon_may_be_compressed_like_the_image() -> None:
    end = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    pixels = objects.header(objects.tag("PixelData"), "OB", 0xFFFFFFFF, implicit=False)
    icon = objects.item(pixels + objects.item(b"") + objects.item(bytes(16)) + end)
    sequence = objects.header(objects.tag("IconImageSequence"), "SQ", len(icon), implicit=False)
    assert not rules(objects.part10({}) + sequence + icon) & {"structure", "truncated"}
