"""What we write in every declared character set, DCMTK and pydicom read as far as they can."""

from __future__ import annotations

import re
import subprocess
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset, dcmread

from scenario_runner.dicom.characters import alphabetic_fault, decode
from scenario_runner.dicom.datasets import encode_dataset
from scenario_runner.dicom.part10 import file_meta
from scenario_runner.dicom.syntaxes import EXPLICIT_LE, encoding_of
from tests.dicom.characters import standard

if TYPE_CHECKING:
    from pathlib import Path

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
NAME, INSTITUTION = "A^{0}=B={0}^X", "x{0}"


def words_of(terms: tuple[str, ...]) -> str:
    return standard.words_of(terms)


def file_of(terms: tuple[str, ...], number: int = 1) -> bytes:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SECONDARY_CAPTURE, f"2.25.{number}"
    if terms:
        dataset.SpecificCharacterSet = list(terms)
    dataset.PatientName = NAME.format(words_of(terms))
    dataset.InstitutionName = INSTITUTION.format(words_of(terms))
    meta = file_meta(SECONDARY_CAPTURE, f"2.25.{number}", EXPLICIT_LE)
    return meta + encode_dataset(dataset, encoding_of(EXPLICIT_LE), terms)


def is_for_dcmtk(terms: tuple[str, ...]) -> bool:
    """Not a single term of table C.12-3, and no set that its iconv or its table lacks.

    DCMTK 3.6.7 takes an ASCII character after ISO 2022 IR 58 for half of one of two bytes, so that the
    place of every escape sequence after it matters; the Standard's own example it reads.
    """
    numbers = {term.rpartition(" ")[2] for term in terms}
    return not numbers & {"203", "87", "159", "58"} and not (len(terms) == 1 and "2022" in terms[0])


def is_for_pydicom(terms: tuple[str, ...]) -> bool:
    """What pydicom 3.0.2 reads: one other set beside ASCII, and not GB 2312, nor Latin No. 9."""
    numbers = [term.rpartition(" ")[2] for term in terms]
    if terms[:1] == ("",):
        return len(terms) == 2 and numbers[1] not in ("58", "203", "13")
    return len(terms) == 1 and numbers[0] not in ("203", "13", "GB18030", "GBK")


@pytest.mark.peer
def test_dcmtk_reads_every_set_that_it_knows(tmp_path: Path) -> None:
    wanted = [terms for terms in standard.combinations() if is_for_dcmtk(terms)]
    assert len(wanted) > 250
    for number, terms in enumerate(wanted):
        (tmp_path / f"{number:03}.dcm").write_bytes(file_of(terms, number))
    dump = subprocess.run(
        ["dcmdump", "+U8", "+L", "+P", "PatientName", "+P", "InstitutionName", "+sd", tmp_path],
        capture_output=True,
        check=True,
    ).stdout.decode("utf-8")
    names = re.findall(r"\(0010,0010\) PN \[(.*?)\s*\] +#", dump)
    places = re.findall(r"\(0008,0080\) LO \[(.*?)\s*\] +#", dump)
    assert sorted(names) == sorted(NAME.format(words_of(terms)) for terms in wanted)
    assert sorted(places) == sorted(INSTITUTION.format(words_of(terms)) for terms in wanted)


@pytest.mark.peer
def test_dcmtk_doubts_the_same_alphabetic_groups(tmp_path: Path) -> None:
    """Of escape sequences; of characters beyond U+1FFF it says nothing."""
    wanted = [terms for terms in standard.combinations() if is_for_dcmtk(terms)]
    group = NAME.partition("=")[0]
    files: dict[bool, list[Path]] = {True: [], False: []}
    for number, terms in enumerate(wanted):
        fault = alphabetic_fault(group.format(words_of(terms)), terms)
        files[fault == "needs escape sequences"].append(tmp_path / f"{number:03}.dcm")
        (tmp_path / f"{number:03}.dcm").write_bytes(file_of(terms, number))
    assert min(len(one) for one in files.values()) > 10
    doubts = "first component group"
    assert doubts not in told_of(files[False])
    assert all(doubts in told_of([file]) for file in files[True])


def told_of(files: list[Path]) -> str:
    """What dcmdump warns of."""
    run = subprocess.run(["dcmdump", "+U8", *files], capture_output=True, check=True)
    return run.stderr.decode("utf-8")


@pytest.mark.peer
def test_dcmtk_reads_gb_2312_as_in_the_example_of_the_standard(tmp_path: Path) -> None:
    name = "Wang^XiaoDong=王^小东="
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = SECONDARY_CAPTURE, "2.25.1"
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 58"]
    dataset.PatientName = name
    written = encode_dataset(dataset, encoding_of(EXPLICIT_LE), ("", "ISO 2022 IR 58"))
    (tmp_path / "k2.dcm").write_bytes(file_meta(SECONDARY_CAPTURE, "2.25.1", EXPLICIT_LE) + written)
    dump = subprocess.run(
        ["dcmdump", "+U8", tmp_path / "k2.dcm"], capture_output=True, check=True
    ).stdout.decode("utf-8")
    assert f"[{name.rstrip('=')}" in dump


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, of escape sequences it doubts
def test_pydicom_reads_every_set_that_it_knows() -> None:
    wanted = [terms for terms in standard.combinations() if is_for_pydicom(terms)]
    assert len(wanted) > 30
    for terms in wanted:
        dataset = dcmread(BytesIO(file_of(terms)))
        raw = dataset.get_item("PatientName").value
        assert isinstance(raw, bytes)
        assert decode(raw, "PN", terms).rstrip() == NAME.format(words_of(terms))
        assert str(dataset.PatientName) == NAME.format(words_of(terms)), terms
        assert dataset.InstitutionName == INSTITUTION.format(words_of(terms)), terms
