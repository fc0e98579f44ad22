"""WADO-RS over what is damaged in the archive: told by a status and in words, before an answer begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scenario_runner.pacs.dicomweb.parts import Made, _Room
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import put, sample
from tests.pacs.dicomweb.web import get

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'
OCTETS = 'multipart/related; type="application/octet-stream"'
FRAME = 8 * 8 * 2
CUT = sample("1.2.5", NumberOfFrames=3, PixelData=bytes(FRAME * 5 // 2))
LARGE = 1024 * 1024 * 2
LONG = sample("1.2.6", size=1024, NumberOfFrames=5, PixelData=bytes(LARGE * 9 // 2))


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[EmbeddedPacs]:
    with EmbeddedPacs(tmp_path) as pacs:
        for one in (CUT, LONG):
            put(pacs.archive, one)
        yield pacs


def place(pacs: EmbeddedPacs, study: str) -> str:
    return f"{pacs.open_web()}/studies/{study}/series/{study}.1/instances/{study}.1.1"


@pytest.mark.parametrize(
    ("study", "path", "words"),
    [
        ("1.2.5", "frames/3", "the pixels end before frame 3"),
        ("1.2.5", "frames/1,2,3", "the pixels end before frame 3"),
        ("1.2.6", "frames/1,2,3,4,5", "the pixels end before frame 5"),
        ("1.2.5", "frames/3/rendered", ""),
    ],
)
def test_pixels_cut_short_are_told_before_an_answer_begins(
    pacs: EmbeddedPacs, study: str, path: str, words: str
) -> None:
    accept = None if path.endswith("rendered") else OCTETS
    answer = get(f"{place(pacs, study)}/{path}", accept)
    assert answer.status_code == 406, answer.text
    assert words in answer.text
    if words:
        assert "the stored object is damaged" in answer.text
        assert "application/dicom" in answer.text


def test_what_is_whole_of_a_damaged_object_and_the_object_as_it_is_can_be_had(
    pacs: EmbeddedPacs,
) -> None:
    assert get(f"{place(pacs, '1.2.5')}/frames/1,2", OCTETS).status_code == 200
    answer = get(place(pacs, "1.2.5"), DICOM)
    assert answer.status_code == 200
    assert CUT.data in answer.content


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("frames/1", OCTETS), ("rendered", None), ("thumbnail", None), ("bulkdata/7FE00010", OCTETS),
        ("", OCTETS), ("", DICOM),
    ],
)  # fmt: skip
def test_an_object_whose_file_is_gone_is_told_as_gone(
    pacs: EmbeddedPacs, path: str, accept: str | None
) -> None:
    for file in pacs.folder.glob("objects/*/*.dcm"):
        file.unlink()
    answer = get(f"{place(pacs, '1.2.5')}/{path}".rstrip("/"), accept)
    assert (answer.status_code, "gone" in answer.text) == (410, True), answer.text


def test_what_is_decoded_ahead_is_bounded_for_all_requests_together() -> None:
    room = _Room(100)
    first, second = Made(room), Made(room)
    kept = [first.keep(b"a" * 60), second.keep(b"b" * 60), first.keep(b"c" * 30)]
    assert room.free == 10
    assert [b"".join(give()[1]) for give in kept] == [b"a" * 60, b"b" * 60, b"c" * 30]
    assert [give()[0] for give in kept] == [60, 60, 30]
    del first, kept
    assert room.free == 100
