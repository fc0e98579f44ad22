"""What a PACS has damaged is a difference of the PACS, and no failure of the comparison."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, RLELossless

from scenario_runner.checks.attributes import Unseen, differing, is_lost_private, refuse_pixels
from scenario_runner.checks.tags import _agrees
from scenario_runner.dicom.datasets import read_file
from scenario_runner.dicom.one_element import replace_element
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.rewriting import rewritten
from scenario_runner.dicom.syntaxes import encoding_of
from tests.archive.samples import EXPLICIT, IMPLICIT, sample


def received(data: bytes) -> Dataset:
    return read_file(BytesIO(file_meta("1.2", "1.3", EXPLICIT) + data))


def test_a_sequence_that_cannot_be_read_differs_and_so_does_what_comes_after() -> None:
    ds = Dataset()
    ds.CodeValue = "X"
    sent = sample(ProcedureCodeSequence=[ds])
    damaged = replace_element(sent.data, EXPLICIT, 0x00081032, "SQ", b"no")
    damaged = replace_element(damaged, EXPLICIT, 0x00100020, "LO", b"PID2")
    found = list(differing(received(sent.data), received(damaged), set(), set()))
    assert found == [
        ("ProcedureCodeSequence", "1 item", "2 bytes"),
        ("PatientID", "PID1", "PID2"),
    ]


def test_what_was_sent_damaged_and_comes_back_the_same_does_not_differ() -> None:
    damaged = replace_element(sample().data, EXPLICIT, 0x00081032, "SQ", b"no")
    assert list(differing(received(damaged), received(damaged), set(), set())) == []


def test_a_private_attribute_that_is_gone_is_told_from_one_that_is_another() -> None:
    def with_private(value: str | None) -> Dataset:
        ds, item = Dataset(), Dataset()
        item.CodeValue = "X"
        ds.PatientID, ds.ProcedureCodeSequence = "PID1", [item]
        if value is not None:
            ds.private_block(0x0009, "MAKER", create=True).add_new(1, "LO", value)
            item.private_block(0x0011, "MAKER", create=True).add_new(2, "LO", value)
        return ds

    sent, dropped, changed = with_private("a"), with_private(None), with_private("b")
    gone = list(differing(sent, dropped, set(), set()))
    assert [name for name, _, _ in gone] == [
        "ProcedureCodeSequence[0].(0011,00xx) MAKER",
        "ProcedureCodeSequence[0].(0011,xx02) MAKER",
        "(0009,00xx) MAKER",
        "(0009,xx01) MAKER",
    ]
    assert all(is_lost_private(name, came) for name, _, came in gone)
    assert not any(
        is_lost_private(name, came) for name, _, came in differing(sent, changed, set(), set())
    )
    del dropped.PatientID
    assert not is_lost_private(*list(differing(sent, dropped, set(), set()))[-1][::2])
    assert not is_lost_private("PatientID", "absent")


def test_a_decimal_string_agrees_by_its_number_however_it_is_written() -> None:
    for written in ("70", "70.0", 70, 70.0, "7e1"):
        assert _agrees(written, 70.0, "DS")
    for written in ("71", "seventy", "", "70 kg"):
        assert not _agrees(written, 70.0, "DS")
    assert _agrees("12E45", "12E45", "SH")
    assert not _agrees("12E45", "1.2E46", "SH")


def test_as_many_other_bytes_are_told_by_the_first_that_differs() -> None:
    """It was said that 4 bytes are not 4 bytes."""
    sets = []
    for last in (4, 5):
        data = Dataset()
        data.add_new(0x00990010, "LO", "ACME")
        data.add_new(0x00991001, "OB", bytes((1, 2, 3, last)))
        sets.append(data)
    found = [("(0099,xx01) ACME", "4 bytes", "4 bytes, different from byte 4 on")]
    sent, came = sets
    assert list(differing(sent, came, set(), set())) == found


def with_icon(
    pixels: bytes, syntax: str = EXPLICIT, interpretation: str = "MONOCHROME2"
) -> Dataset:
    data, icon = Dataset(), Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, interpretation
    icon.Rows, icon.Columns = 2, 2
    icon.BitsAllocated, icon.BitsStored, icon.HighBit, icon.PixelRepresentation = 8, 8, 7, 0
    icon.add_new("PixelData", "OB", pixels)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = UID(syntax)
    data.IconImageSequence = [icon]
    return data


def test_pixels_of_an_icon_are_compared_however_they_are_stored() -> None:
    """They were passed over as those of the image are, of which `pixels` knows."""
    sent = with_icon(bytes((0, 80, 160, 240)))
    other = with_icon(bytes((0, 80, 160, 241)))
    [(name, size, told)] = differing(sent, other, set(), set())
    assert (name, size) == ("IconImageSequence[0].PixelData", "4 bytes")
    assert told == "1 of 4 pixel values differ, by 1 at most, at x 1, y 1"
    assert not list(differing(sent, other, set(), {"IconImageSequence"}))
    icon = deepcopy(sent.IconImageSequence[0])
    icon.file_meta = deepcopy(sent.file_meta)
    icon.compress(RLELossless, generate_instance_uid=False)
    squeezed = with_icon(icon.PixelData, RLELossless)
    plain = with_icon(bytes((0, 80, 160, 240)), RLELossless)
    assert list(differing(sent, squeezed, set(), set())) == []
    assert list(differing(plain, squeezed, set(), set())) == []
    assert len(list(differing(other, squeezed, set(), set()))) == 1


def test_what_is_to_be_looked_at_and_is_nowhere_was_not_compared() -> None:
    data = Dataset()
    data.PatientID = "P"
    both = Unseen({"PatientID", "StudyID"})
    both.look(data, data)
    assert (both.is_all, both.words) == (False, "nothing has StudyID")
    none = Unseen({"StudyID"})
    none.look(data)
    assert none.is_all
    assert not Unseen(set()).is_all
    with pytest.raises(ValueError, match="not compared as an attribute"):
        refuse_pixels(["PatientID", "FloatPixelData"], "")


def test_a_contour_too_long_for_its_vr_is_the_same_in_either_encoding() -> None:
    """In Explicit VR what is longer than 64 KB is UN, and its bytes differed from the numbers of Implicit VR."""

    def with_contour(first: str) -> bytes:
        contour, roi = Dataset(), Dataset()
        contour.ContourData = [first, *(f"{number}.50" for number in range(10_000, 20_000))]
        roi.ContourSequence = [contour]
        return sample(ROIContourSequence=[roi], transfer_syntax=IMPLICIT).data

    def explicit(data: bytes) -> bytes:
        return rewritten(data, encoding_of(IMPLICIT), encoding_of(EXPLICIT))

    sent = read_file(BytesIO(file_meta("1.2", "1.3", IMPLICIT) + with_contour("1.5")))
    assert list(differing(sent, received(explicit(with_contour("1.50"))), set(), set())) == []
    [(name, _, told)] = differing(sent, received(explicit(with_contour("2.5"))), set(), set())
    assert name == "ROIContourSequence[0].ContourSequence[0].ContourData"
    assert told[0] == 2.5
