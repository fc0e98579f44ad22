"""What the faults do to bytes is done in every transfer syntax."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pydicom import dcmread

from scenario_runner.dicom.part10 import file_meta
from scenario_runner.pacs.spoiling import altered, in_broken_characters, with_wrong_pixels
from tests.archive.samples import EXPLICIT, IMPLICIT, sample

if TYPE_CHECKING:
    from pydicom import Dataset

    from tests.archive.samples import Sample

BIG_ENDIAN, DEFLATED = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
pytestmark = pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED])


def given(syntax: str) -> Sample:
    return sample(transfer_syntax=syntax, SpecificCharacterSet="ISO_IR 100", InstitutionName="Köln")


def read(data: bytes, syntax: str) -> Dataset:
    return dcmread(BytesIO(file_meta("1.2", "1.2", syntax) + data))


def test_text_and_numbers_are_altered_to_what_was_asked_for(syntax: str) -> None:
    one = given(syntax)
    for keyword, value in (("PatientID", "OTHER"), ("InstitutionName", "Ωmega"), ("Rows", "9")):
        changed = read(altered(one.data, syntax, keyword, value), syntax)
        assert str(changed[keyword].value) == value
        assert changed.PixelData == dcmread(BytesIO(one.file)).PixelData


def test_pixels_are_spoilt(syntax: str) -> None:
    one = given(syntax)
    before, after = dcmread(BytesIO(one.file)), read(with_wrong_pixels(one.data, syntax), syntax)
    assert len(after.PixelData) == len(before.PixelData)
    assert after.PixelData != before.PixelData


def test_characters_are_garbled(syntax: str) -> None:
    changed = read(in_broken_characters(given(syntax).data, syntax, "garbled"), syntax)
    assert changed.InstitutionName == "K?ln"
