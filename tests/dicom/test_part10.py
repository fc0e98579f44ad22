"""The beginning of files as the wild has them, and what they are: what their data sets say."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from scenario_runner.dicom import elements
from scenario_runner.dicom.elements import (
    DamagedDatasetError,
    TruncatedError,
    inflate,
    read_header,
    read_until,
)
from scenario_runner.dicom.part10 import file_meta, identify, read_meta
from scenario_runner.dicom.sop_classes import CT, MR
from scenario_runner.dicom.syntaxes import (
    DEFLATED,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    encoding_of,
)
from scenario_runner.pacs.server import EmbeddedPacs
from tests.running import fabricate

NATIVE = (EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE)


def data_of(syntax: str, uid: str = "1.2.3") -> bytes:
    """A small CT instance as pydicom encodes it, without File Meta Information."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT, uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.4", "1.2.5"
    dataset.PatientName, dataset.Modality = "A^B", "CT"
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = encoding_of(syntax)
    write_dataset(buffer, dataset)
    return buffer.getvalue()


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_data_set_alone_is_known_by_how_its_first_element_looks(syntax: str) -> None:
    meta = identify(data_of(syntax))
    assert (meta.transfer_syntax_uid, meta.data_offset, meta.is_part10) == (syntax, 0, False)
    assert (meta.sop_class_uid, meta.sop_instance_uid) == (CT, "1.2.3")


@pytest.mark.parametrize("syntax", NATIVE)
def test_a_meta_that_says_nothing_is_made_up_for(syntax: str) -> None:
    meta = identify(bytes(128) + b"DICM" + data_of(syntax))
    assert (meta.transfer_syntax_uid, meta.data_offset) == (syntax, 132)


def test_the_data_set_says_what_it_is_whatever_the_meta_says() -> None:
    whole = file_meta(MR, "9.9.9", EXPLICIT_LE) + data_of(EXPLICIT_LE)
    assert (read_meta(whole).sop_class_uid, read_meta(whole).sop_instance_uid) == (MR, "9.9.9")
    assert (identify(whole).sop_class_uid, identify(whole).sop_instance_uid) == (CT, "1.2.3")


@pytest.mark.parametrize(
    "content", [b"", b"no DICOM at all", b"\x08\0 but a text", bytes(200), b"PK\3\4" + bytes(99)]
)
def test_what_is_no_dicom_is_not_taken_for_a_data_set(content: bytes) -> None:
    with pytest.raises(DamagedDatasetError):
        identify(content)


def test_each_file_is_sent_under_the_uids_of_its_data_set(tmp_path: Path) -> None:
    """What storescu of DCMTK sends of these files, and how an archive gets them."""
    odd = tmp_path / "odd"
    odd.mkdir()
    whole = file_meta(CT, "1.2.3.1", EXPLICIT_LE)
    group = whole[132:]
    (odd / "as_it_should_be.dcm").write_bytes(whole + data_of(EXPLICIT_LE, "1.2.3.1"))
    (odd / "another_meta.dcm").write_bytes(
        file_meta(MR, "9.9.9", EXPLICIT_LE) + data_of(EXPLICIT_LE, "1.2.3.2")
    )
    (odd / "no_uids_in_meta.dcm").write_bytes(
        file_meta("", "", EXPLICIT_BE) + data_of(EXPLICIT_BE, "1.2.3.3")
    )
    (odd / "no_preamble.dcm").write_bytes(group + data_of(EXPLICIT_LE, "1.2.3.4"))
    (odd / "data_set_alone.dcm").write_bytes(data_of(IMPLICIT_LE, "1.2.3.5"))
    (odd / "no_group_length.dcm").write_bytes(
        bytes(128) + b"DICM" + group[12:] + data_of(EXPLICIT_LE, "1.2.3.6")
    )
    with EmbeddedPacs(tmp_path / "pacs") as pacs:
        done = fabricate("pacs", "send", f"127.0.0.1:{pacs.port}", odd).check()
        kept = {one.sop_instance_uid: one for one in pacs.archive.instances()}
        assert "6 of 6 stored" in done.out
        assert set(kept) == {f"1.2.3.{number}" for number in range(1, 7)}
        assert {one.sop_class_uid for one in kept.values()} == {CT}
        assert pacs.archive.data(kept["1.2.3.3"]) == data_of(EXPLICIT_BE, "1.2.3.3")
    assert dcmread(odd / "another_meta.dcm").file_meta.MediaStorageSOPInstanceUID == "9.9.9"


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(data) + squeeze.flush()


def test_a_large_deflated_data_set_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = b"\xe0\x7f\x10\0OB\0\0" + (100 << 20).to_bytes(4, "little") + bytes(100 << 20)
    data = deflated(data_of(EXPLICIT_LE) + pixels)
    assert len(inflate(data)) == len(data_of(EXPLICIT_LE)) + len(pixels)
    # The header is had without inflating the pixels.
    monkeypatch.setattr(elements, "MOST_INFLATED", 1 << 20)
    assert read_header(data, DEFLATED)[0x00100010].value == b"A^B "
    with pytest.raises(DamagedDatasetError, match="more than 1 MiB when inflated"):
        inflate(data)


def test_what_is_inflated_ends_where_the_data_set_does() -> None:
    data = deflated(data_of(EXPLICIT_LE))
    assert inflate(data + b"\0") == data_of(EXPLICIT_LE)  # padded to even length, PS3.5 A.5
    for cut in range(1, len(data)):
        with pytest.raises(TruncatedError):
            inflate(data[:cut])
    with pytest.raises(DamagedDatasetError, match="cannot be inflated"):
        inflate(b"\xff" * 64)


def test_an_attribute_behind_much_else_is_found_in_a_deflated_data_set() -> None:
    comment = b"\x08\0\1\0UT\0\0" + (3 << 20).to_bytes(4, "little") + b"x" * (3 << 20)
    found = read_until(deflated(comment + data_of(EXPLICIT_LE)), DEFLATED, 0x00080019)
    assert found[0x00080018].value == b"1.2.3\0"
