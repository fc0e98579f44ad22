"""A small answer is read as pydicom's own reader reads it, in half the time."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from scenario_runner.dicom.datasets import raw_dataset
from scenario_runner.dicom.syntaxes import Encoding


def _answer(*, undefined: bool) -> Dataset:
    request = Dataset()
    request.RequestedProcedureID = "RP1"
    request.is_undefined_length_sequence_item = undefined
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 100"
    answer.PatientName = "TESTMÜLLER^EVA"
    answer.StudyDate = ""
    answer.NumberOfStudyRelatedInstances = 12
    answer.ModalitiesInStudy = ["CT", "SR"]
    answer.RequestAttributesSequence = [request]
    answer["RequestAttributesSequence"].is_undefined_length = undefined
    return answer


def _encoded(answer: Dataset, encoding: Encoding) -> bytes:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = encoding.implicit, encoding.little
    write_dataset(stream, answer)
    return stream.getvalue()


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("encoding", [Encoding(True), Encoding(False), Encoding(False, False)])
def test_an_answer_reads_as_with_pydicom(encoding: Encoding, undefined: bool) -> None:
    data = _encoded(_answer(undefined=undefined), encoding)
    ours = raw_dataset(data, encoding)
    assert ours == read_dataset(BytesIO(data), encoding.implicit, encoding.little)
    assert ours.PatientName == "TESTMÜLLER^EVA"
    assert ours.RequestAttributesSequence[0].RequestedProcedureID == "RP1"


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_an_answer_that_ends_too_early_reads_no_better_than_with_pydicom(cut: int) -> None:
    data = _encoded(_answer(undefined=False), Encoding(True))[:-cut]
    ours = raw_dataset(data, Encoding(True))
    assert ours.keys() == read_dataset(BytesIO(data), True, True).keys()
