"""``junit.xml`` as CI servers read it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
import xmlschema

from scenario_runner.evidence.junit import JUnitReporter
from scenario_runner.evidence.write import write_reports
from scenario_runner.resources import resource
from tests.evidence import samples

if TYPE_CHECKING:
    from pathlib import Path


def _junit(folder: Path, name: str) -> ET.Element:
    write_reports(samples.ALL[name]().write(folder), [JUnitReporter])
    return ET.parse(folder / "junit.xml").getroot()


@pytest.mark.parametrize("name", samples.ALL)
def test_every_run_gives_a_valid_file(tmp_path: Path, name: str) -> None:
    root = _junit(tmp_path, name)
    xmlschema.XMLSchema(str(resource("reports", "xsd/junit.xsd"))).validate(
        str(tmp_path / "junit.xml")
    )
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.attrib["tests"]) == len(cases)
        for tag, counted in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.attrib[counted]) == sum(case.find(tag) is not None for case in cases)


def test_a_failure_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    root = _junit(tmp_path, "failing")
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "2 of 4 checks failed"
    assert "expected: 1" in (failure.text or "")
    assert 'actual:   "1"' in (failure.text or "")
    assert "PatientName: CITIZEN^JANE became Citizen^Jane" in (failure.text or "")


def test_a_case_is_a_suite_with_its_site_seed_and_requirements(tmp_path: Path) -> None:
    [suite] = _junit(tmp_path, "passing")
    properties = [(p.attrib["name"], p.attrib["value"]) for p in suite.iter("property")]
    assert ("site", "north") in properties
    assert ("seed", "20260101") in properties
    assert ("requirement", "PACS-003") in properties
    first = suite.find("testcase")
    assert first is not None
    assert first.attrib["classname"] == "xray_smoke.xray_smoke"
    assert first.attrib["name"] == "echo_1: Reach the PACS"
    assert "ModalitiesInStudy" in (suite.findtext("system-out") or "")


@pytest.mark.parametrize("name", ["interrupted", "empty"])
def test_a_killed_run_is_not_green(tmp_path: Path, name: str) -> None:
    assert _junit(tmp_path, name).find(".//error[@type='interrupted']") is not None


def test_a_case_cut_between_two_steps_is_not_green(tmp_path: Path) -> None:
    story = samples.passing()
    cut = next(n for n, s in enumerate(story.events) if s.event.kind == "step_finished") + 1
    write_reports(story.write(tmp_path, cut), [JUnitReporter])
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert root.find(".//error[@type='interrupted']") is not None
