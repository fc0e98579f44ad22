"""The programs of other makers: what they say becomes findings, and they cannot hold us up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from scenario_runner.conformance.outside.dcentvfy import Dcentvfy
from scenario_runner.conformance.outside.dciodvfy import Dciodvfy
from scenario_runner.conformance.outside.dicom3tools import findings, located
from scenario_runner.conformance.outside.program import MOST_OUTPUT, Said, run
from scenario_runner.errors import UsageError
from tests.conformance import objects

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.conformance.api import Validator


def test_paths_to_attributes_are_written_our_way() -> None:
    assert located("</Laterality(0020,0060)> - is wrong") == ("Laterality", "is wrong")
    assert located("</PatientWeight(0010,1030)[1]> - Value is zero") == (
        "PatientWeight",
        "Value is zero",
    )
    nested = "</AnatomicRegionSequence(0008,2218)[1]/CodeValue(0008,0100)> - bad"
    assert located(nested) == ("AnatomicRegionSequence[0].CodeValue", "bad")
    assert located("Dicom dataset read failed") == (None, "Dicom dataset read failed")


def test_a_program_that_fails_without_a_word_is_an_error() -> None:
    (found,) = findings(Said("CTImage\n", -11), "dciodvfy")
    assert found.severity == "error"
    assert "-11" in found.message
    (found,) = findings(Said("", None), "dciodvfy")
    assert "did not end" in found.message


def test_a_program_that_hangs_is_stopped_and_what_it_said_is_kept() -> None:
    code = "import time; print('Error - early', flush=True); time.sleep(60)"
    said = run(sys.executable, ["-c", code], seconds=2)
    assert said.code is None
    assert said.text.strip() == "Error - early"


def test_a_program_that_never_stops_talking_is_cut() -> None:
    said = run(sys.executable, ["-c", "print('x' * (3 << 20))"], seconds=30)
    assert said.cut
    assert len(said.text) == MOST_OUTPUT


@pytest.mark.parametrize("validator", [Dciodvfy(), Dcentvfy()])
def test_a_validator_that_is_not_installed_says_where_to_get_it(
    validator: Validator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert validator.version() is None
    file = objects.write(tmp_path / "a.dcm", objects.ct())
    with pytest.raises(UsageError, match="is not installed") as error:
        validator.check(file)
    assert error.value.hint is not None
    assert "dicom3tools" in error.value.hint


@pytest.mark.peer
def test_dciodvfy_names_its_version_and_finds_what_is_missing(tmp_path: Path) -> None:
    made = objects.ct()
    del made[objects.tag("RescaleSlope")]
    objects.put(made, "PatientSex", "X")
    found = Dciodvfy().check(objects.write(tmp_path / "-dump.dcm", made))
    assert (Dciodvfy().version() or "").startswith("1.00")
    errors = {finding.attribute for finding in found if finding.severity == "error"}
    assert {"RescaleSlope", "PatientSex"} <= errors


@pytest.mark.peer
def test_dcentvfy_finds_two_patients_in_one_study(tmp_path: Path) -> None:
    good = objects.write(tmp_path / "1.dcm", objects.ct(0))
    agrees = objects.write(tmp_path / "2 é.dcm", objects.ct(1))
    other = objects.ct(2)
    objects.put(other, "PatientName", "OTHER^JANE")
    bad = objects.write(tmp_path / "3.dcm", other)
    assert Dcentvfy().check(good) == []
    fine = [f for f in Dcentvfy().check_study([good, agrees]) if f.severity == "error"]
    assert fine == []
    found = [f for f in Dcentvfy().check_study([good, agrees, bad]) if f.severity == "error"]
    assert {finding.attribute for finding in found} == {"PatientName"}
    assert {finding.file for finding in found} <= {str(good), str(agrees), str(bad)}
    assert any(finding.file for finding in found)


@pytest.mark.peer
def test_what_dciodvfy_cannot_read_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "noise.dcm"
    file.write_bytes(b"no DICOM at all")
    assert any(finding.severity == "error" for finding in Dciodvfy().check(file))
