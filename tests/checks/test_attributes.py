"""What a PACS has damaged is a difference of the PACS, and no failure of the comparison."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset

from scenario_runner.checks.attributes import differing, is_lost_private
from scenario_runner.checks.tags import _agrees
from scenario_runner.dicom.datasets import read_file
from scenario_runner.dicom.one_element import replace_element
from scenario_runner.dicom.part10 import file_meta
from tests.archive.samples import EXPLICIT, sample


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
