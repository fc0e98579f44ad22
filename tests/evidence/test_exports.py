"""What goes to other programs: requirements, GitHub, and JUnit by check."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
import xmlschema

from scenario_runner.events import InstanceSent
from scenario_runner.evidence.exports import github_annotations, github_summary, requirements_csv
from scenario_runner.evidence.write import read_record
from scenario_runner.resources import resource
from tests.evidence import samples
from tests.evidence.signing.people import command

if TYPE_CHECKING:
    from pathlib import Path


def test_each_check_is_a_test_where_asked(tmp_path: Path) -> None:
    folder = samples.failing().write(tmp_path / "run")
    assert command("report", folder, "--junit", "checks") == 0
    file = folder / "junit.xml"
    xmlschema.XMLSchema(str(resource("reports", "xsd/junit.xsd"))).validate(str(file))
    cases = ET.parse(file).getroot().findall(".//testcase")
    by_name = {case.attrib["name"].rpartition(" › ")[2]: case for case in cases}
    failure = by_name["Attributes are those that were sent"].find("failure")
    assert failure is not None
    assert "PatientName: CITIZEN^JANE became Citizen^Jane" in (failure.text or "")
    assert by_name["Pixels are those that were sent"].find("failure") is None
    # The step itself is no test beside its checks; one without checks is.
    names = [case.attrib["name"] for case in cases]
    assert "assert_1: What came back is what was sent" not in names
    assert "echo_1: Reach the PACS" in names


@pytest.mark.parametrize("name", ["hostile", "many", "interrupted", "empty"])
def test_by_check_no_failure_of_a_run_is_lost(tmp_path: Path, name: str) -> None:
    folder = samples.ALL[name]().write(tmp_path / "run")
    assert command("report", folder, "--junit", "checks") == 0
    root = ET.parse(folder / "junit.xml").getroot()
    assert any(
        case.find("failure") is not None or case.find("error") is not None
        for case in root.iter("testcase")
    )


def test_requirements_are_a_table_and_a_document(tmp_path: Path) -> None:
    folder = samples.failing().write(tmp_path / "run")
    table, document = tmp_path / "r.csv", tmp_path / "r.json"
    assert command("report", folder, "--requirements", table) == 0
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    failed = {row["requirement"] for row in rows if row["outcome"] == "failed"}
    assert failed
    assert all(row["case"] for row in rows)
    assert command("report", folder, "--requirements", document) == 0
    told = json.loads(document.read_bytes())["requirements"]
    assert {one["id"] for one in told if one["outcome"] == "failed"} == failed
    assert command("report", folder, "--requirements", tmp_path / "r.xml") == 2


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}"])
def test_a_requirement_that_looks_like_a_formula_is_none(sign: str, tmp_path: Path) -> None:
    story = samples.passing()
    record = read_record(story.write(tmp_path / "run"))
    record.requirements[0].id = f"{sign}HYPERLINK(1)"
    assert f"\n'{sign}HYPERLINK(1)," in requirements_csv(record).replace("\r", "")


def test_github_is_told_where_and_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = samples.failing().write(tmp_path / "run")
    page = tmp_path / "summary.md"
    page.write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert command("report", folder, "--github") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert len(lines) == 2
    assert "title=xray_smoke%3A What came back is what was sent" in lines[0]
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n## Failed: run 20260131-101512-7mqe\n")
    assert '| xray\\_smoke | One study has the accession number | 1 | "1" |' in text


def test_what_a_pacs_says_is_no_command_of_a_workflow_and_no_markup(tmp_path: Path) -> None:
    record = read_record(samples.hostile().write(tmp_path / "run"))
    for line in github_annotations(record):
        assert line.startswith("::error ")
        assert "\n" not in line
    summary = github_summary(record)
    assert "<" not in summary
    assert all(line.count("|") == 5 for line in summary.splitlines() if line.startswith("| "))


def test_an_event_of_an_instance_has_all_its_fields() -> None:
    """Its fields are written out by hand, for speed: one that is added must not be forgotten."""
    import dataclasses

    event = InstanceSent(
        case="c", id="s", target="t", image="i", uid="u", status=None, stored=False,
        maybe_stored=True, comment="no", earlier="r",
    )  # fmt: skip
    assert event.fields() == dataclasses.asdict(event)
