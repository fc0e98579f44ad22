"""A sequence that somebody on the way did not know, and so made UN, is a sequence however long it is (PS3.5 6.2.2)."""

from __future__ import annotations

from io import BytesIO

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from scenario_runner.dicom import element_writing
from scenario_runner.dicom.datasets import read_file
from scenario_runner.dicom.one_element import replace_element
from scenario_runner.dicom.part10 import file_meta
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample

REFERENCED_IMAGES = 0x00081140


def _unknown(count: int) -> bytes:
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT_IMAGE, "1.2.3.4"
    stream = DicomBytesIO()
    stream.is_implicit_VR = stream.is_little_endian = True
    write_dataset(stream, reference)
    return element_writing.item(stream.getvalue()) * count


def _file(value: bytes) -> BytesIO:
    data = replace_element(sample().data, EXPLICIT, REFERENCED_IMAGES, "UN", value)
    return BytesIO(file_meta(CT_IMAGE, "1.2.3.1.1", EXPLICIT) + data)


@pytest.mark.parametrize("count", [2, 2000])
def test_its_items_are_read_whatever_its_length(count: int) -> None:
    """Beyond 64 KB pydicom 3.0.2 leaves bytes, and such a file could not be read: each byte was taken for an item."""
    value = _unknown(count)
    assert (len(value) > 0xFFFF) == (count > 2)
    items = read_file(_file(value)).ReferencedImageSequence
    assert [one.ReferencedSOPInstanceUID for one in items] == ["1.2.3.4"] * count


def test_what_is_no_sequence_stays_as_it_came() -> None:
    value = b"none" * 20_000
    assert read_file(_file(value)).get_item(REFERENCED_IMAGES).value == value
