"""What is known of a file's beginning saves opening it, and never changes what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate

from scenario_runner.archive.archive import Archive
from scenario_runner.dicom.elements import DamagedDatasetError
from scenario_runner.dicom.part10 import read_meta
from scenario_runner.service.uploads.wholeness import check_whole
from tests.archive.samples import IMPLICIT, sample

if TYPE_CHECKING:
    from pathlib import Path

JPEG = "1.2.840.10008.1.2.4.50"


def item() -> Dataset:
    made = Dataset()
    made.CodeValue = "1"
    return made


FILES = {
    "explicit": sample(size=4, ReferencedStudySequence=[item(), item()]).file,
    "implicit": sample(size=4, transfer_syntax=IMPLICIT, DataSetTrailingPadding=b"\0" * 40).file,
    "fragments": sample(transfer_syntax=JPEG, PixelData=encapsulate([b"\1" * 300, b"\2" * 90])).file,
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_as_whole_as_it_is_however_much_of_its_beginning_is_known(
    kind: str, tmp_path: Path
) -> None:
    whole, path = FILES[kind], tmp_path / "a.dcm"
    meta = read_meta(whole)

    def verdict(head: bytes) -> str:
        try:
            check_whole(path, meta, head)
        except DamagedDatasetError as error:
            return type(error).__name__
        return "whole"

    seen = set()
    for length in range(meta.data_offset, len(whole) + 1, 7):
        path.write_bytes(cut := whole[: length + (length + 7 > len(whole)) * 7])
        said = verdict(b"")
        seen.add(said)
        for known in (0, meta.data_offset, meta.data_offset + 13, length // 2, length):
            assert verdict(cut[:known]) == said, (length, known)
    assert seen >= {"whole", "TruncatedError"}


def test_a_header_longer_than_what_is_remembered_is_read_from_the_file(tmp_path: Path) -> None:
    one = sample(RedPaletteColorLookupTableData=bytes(1 << 17))
    pieces = [one.file[at : at + 1000] for at in range(0, len(one.file), 1000)]
    with Archive(tmp_path) as archive:
        arrived = archive.take_in(pieces)
        assert arrived.attributes["SOPInstanceUID"] == one.sop_instance_uid
        assert arrived.attributes["InstanceNumber"] == "1"
        assert arrived.written.read_bytes() == one.file


@pytest.mark.parametrize("kind", FILES)
def test_what_ends_with_its_pixels_is_whole_by_its_header_alone(kind: str, tmp_path: Path) -> None:
    whole, found = FILES[kind], set()
    with Archive(tmp_path / "archive") as archive:
        for content in (whole, *(whole[:-cut] for cut in range(1, 60)), whole + b"\0\0"):
            try:
                arrived = archive.take_in([content])
            except DamagedDatasetError:
                continue
            if arrived.is_whole:
                check_whole(arrived.written, arrived.meta)
            found.add((arrived.is_whole, content == whole))
            archive.discard(arrived)
    # Cut where the padding begins, the second one is whole, too.
    expected = {"explicit": {(True, True)}, "implicit": {(True, False)}, "fragments": set()}
    assert {one for one in found if one[0]} == expected[kind]
