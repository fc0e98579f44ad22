"""A PACS that writes text in a character set of its own is compared by characters, not by bytes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID

from scenario_runner.checks.attributes import differing
from scenario_runner.checks.converted import Conversion
from scenario_runner.dicom.datasets import read_file

pytestmark = pytest.mark.peer


def sent_and_converted(folder: Path, description: str) -> tuple[Dataset, Dataset]:
    """An object whose text is in UTF-8, and what DCMTK's dcmconv made of it in Latin-1.

    description: what came as StudyDescription, which has a letter that Latin-1 lacks; dcmconv converts
    nothing of an object with such a letter, so it is put in afterwards.
    """
    program = shutil.which("dcmconv")
    assert program is not None, "dcmtk is not installed"
    sent = Dataset()
    sent.SpecificCharacterSet = "ISO_IR 192"
    sent.SOPClassUID, sent.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    sent.PatientName = "Müller^Jürgen"
    sent.InstitutionName = "Plain"
    item = Dataset()
    item.RequestedProcedureDescription = "Füße"
    sent.RequestAttributesSequence = [item]
    sent.file_meta = FileMetaDataset()
    sent.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    plain, latin = folder / "sent.dcm", folder / "came.dcm"
    sent.save_as(plain, enforce_file_format=True)
    command: list[str | Path] = [program, "--convert-to-latin1", plain, latin]
    subprocess.run(command, check=True, capture_output=True)
    sent, came = read_file(plain), read_file(latin)
    sent.StudyDescription, came.StudyDescription = "Knöchel 山形 Süd", description
    return sent, came


def compared(sent: Dataset, came: Dataset, conversion: Conversion | None) -> list[str]:
    """The attributes that are accused."""
    found = differing(sent, came, set(), set(), conversion=conversion)
    return [attribute for attribute, _, _ in found]


@pytest.mark.parametrize("description", ["Knöchel ?? Süd", "Knöchel  Süd", "Knöchel Yamagata Süd"])
def test_the_same_words_in_another_set_agree_and_what_it_cannot_hold_is_told(
    tmp_path: Path, description: str
) -> None:
    sent, came = sent_and_converted(tmp_path, description)
    assert came.SpecificCharacterSet == "ISO_IR 100"
    conversion = Conversion()
    assert compared(sent, came, conversion) == []
    assert conversion.words == (
        "not compared letter by letter: StudyDescription (1 value) has letters that ISO_IR 100 cannot hold"
    )
    assert compared(sent, came, None) == ["SpecificCharacterSet", "StudyDescription"]


def test_other_words_and_letters_that_the_set_has_are_differences(tmp_path: Path) -> None:
    sent, came = sent_and_converted(tmp_path, "Knochel ?? Süd")
    came.PatientName, came.InstitutionName = "Muller^Jürgen", "plain"
    came.RequestAttributesSequence[0].RequestedProcedureDescription = "Fuße"
    assert compared(sent, came, Conversion()) == [
        "InstitutionName", "StudyDescription", "PatientName",
        "RequestAttributesSequence[0].RequestedProcedureDescription",
    ]  # fmt: skip


def test_a_text_with_many_letters_that_the_set_lacks_is_compared_without_going_back() -> None:
    conversion = Conversion()
    sent, came = (
        "\u5c71a" * 40 + "b",
        "a" * 5_000,
    )  # going back would take longer than the world is old
    assert not conversion.fits("StudyDescription", "LO", sent, came, ["ISO_IR 100"])
    assert conversion.fits("StudyDescription", "LO", sent, came + "b", ["ISO_IR 100"])
    assert not conversion.fits("StudyDescription", "LO", sent, "a" * 39 + "b", ["ISO_IR 100"])
