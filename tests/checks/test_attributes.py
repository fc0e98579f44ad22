"""What a PACS has damaged is a difference of the PACS, and no failure of the comparison."""

from __future__ import annotations

from io import BytesIO

from pydicom import Dataset

from scenario_runner.checks.attributes import differing
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
