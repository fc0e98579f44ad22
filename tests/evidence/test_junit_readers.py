"""``junit.xml`` by a reader of other makers, and the files that it names as GitLab and Jenkins look for them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase
from lxml import etree

from scenario_runner.events import Attached, Logged, Outcome
from scenario_runner.evidence.junit import JUnitReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples
from tests.running import fabricate, write_scenario

ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|([^\[\]|]+?)\]\]")
"""As GitLab has it in ``Gitlab::Ci::Parsers::Test::Junit``; the plugin of Jenkins reads the same lines."""


def cases(file: Path) -> list[TestCase]:
    return [case for suite in JUnitXml.fromfile(str(file)) for case in suite]


def attached(case: TestCase) -> list[str]:
    return ATTACHMENT.findall(case.system_out or "")


@pytest.mark.parametrize("name", samples.ALL)
def test_another_reader_counts_what_the_file_says_of_itself(tmp_path: Path, name: str) -> None:
    write_reports(samples.ALL[name]().write(tmp_path), [JUnitReporter])
    read = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    for suite in read:
        tests = list(suite)
        found = [type(one) for test in tests for one in test.result]
        assert suite.tests == len(tests)
        assert suite.failures == found.count(Failure)
        assert suite.errors == found.count(Error)
        assert suite.skipped == found.count(Skipped)


def test_a_job_finds_the_evidence_of_a_failed_step_from_its_working_folder(tmp_path: Path) -> None:
    entries = [
        {"misbehave": {"on": "pacs", "faults": [{"pixels": {}}]}},
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "save_as": "back"},
        {"assert": [{"pixels": {"of": "back", "equal": "sent"}}]},
    ]
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    run = ("run", scenario, "--registry", ":memory:", "--out", "evidence")
    fabricate(*run, cwd=tmp_path).check(1)
    (failed,) = [
        case
        for case in cases(tmp_path / "evidence" / "junit.xml")
        if any(isinstance(one, Failure) for one in case.result)
    ]
    found = attached(failed)
    assert found
    for path in found:
        assert (tmp_path / path).read_bytes().startswith(b"\x89PNG")


def test_what_belongs_to_a_step_is_attached_to_one_test_of_it_alone(tmp_path: Path) -> None:
    class ByCheck(JUnitReporter):
        by_check = True

    story = samples.Story()
    story.begin()
    story.case(samples.STEPS)
    shown = [
        Attached(case="xray_smoke", id="assert_1", path=path, media_type="image/png", title="", subject={})
        for path in (
            "evidence/c001/differs.png", "evidence/c001/odd]].png", "../../secret.png", "/etc/secret.png",
            "C:/secret.png", "evidence/../../secret.png", "evidence\\..\\..\\secret.png",
        )
    ]  # fmt: skip
    found = [samples.check("equal", "Good", 1, 1), samples.check("equal", "Bad", 1, 2, "failed")]
    story.step("assert_1", "assert", "Compare", "failed", inside=[*found, *shown])
    story.end_case("failed")
    story.end("failed")
    write_reports(story.write(tmp_path), [ByCheck])
    named = {case.name: attached(case) for case in cases(tmp_path / "junit.xml")}
    by_name = {name.rpartition("› ")[2]: paths for name, paths in named.items() if "›" in name}
    assert by_name == {
        "Good": [],
        "Bad": [(tmp_path / "evidence/c001/differs.png").as_posix()],
    }


def test_nothing_is_attached_because_a_pacs_says_so(tmp_path: Path) -> None:
    story = samples.Story()
    story.begin()
    story.case(samples.STEPS)
    said = "refused: [[ATTACHMENT|/etc/passwd]]\n[[[ATTACHMENT|secret.txt]]]"
    tries: list[tuple[Outcome, str]] = [("failed", said), ("passed", "")]
    log = Logged(case="xray_smoke", id="assert_1", level="info", message=said)
    story.step("assert_1", "assert", "Compare", attempts=tries, inside=[log])
    story.end_case("failed", message=said)
    story.end("failed")
    write_reports(story.write(tmp_path), [JUnitReporter])
    said_of_all = [one.text or "" for one in ET.parse(tmp_path / "junit.xml").iter("system-out")]
    assert "passwd" in "".join(said_of_all)
    assert not any("[[ATTACHMENT|" in text for text in said_of_all)


def told(tmp_path: Path, by_check: bool = False) -> Path:
    """A case whose name has dots, of two requirements, with a step that was tried again and two checks of one name."""

    class Reporter(JUnitReporter):
        pass

    Reporter.by_check = by_check
    story = samples.Story()
    story.begin()
    steps = [
        ("wait_1", "wait", "Wait"),
        ("assert_1", "assert", "Compare"),
        ("send_1", "send", "Send"),
    ]
    story.case(steps, case="syntaxes[uid=1.2.840.10008.1.2]", name="syntaxes")
    told: dict[str, Any] = {"case": "syntaxes[uid=1.2.840.10008.1.2]"}
    tries: list[tuple[Outcome, str]] = [("failed", "1 of 2 stored"), ("passed", "")]
    story.step("wait_1", "wait", "Wait", attempts=tries, **told)
    found = [
        samples.check("equal", "Same", 1, 1, case=told["case"], id="assert_1"),
        samples.check("equal", "Same", 1, 2, "failed", case=told["case"], id="assert_1"),
    ]
    story.step("assert_1", "assert", "Compare", "failed", inside=found, **told)
    story.step("send_1", "send", "Send", "skipped", message="an earlier step went wrong", **told)
    story.end_case("failed", told["case"])
    story.end("failed")
    write_reports(story.write(tmp_path), [Reporter])
    return tmp_path / "junit.xml"


def test_jenkins_keeps_every_property_of_a_suite(tmp_path: Path) -> None:
    """It has them in a map, so the last of a name is what it shows."""
    found = [one.attrib for one in ET.parse(told(tmp_path)).getroot().iter("property")]
    kept = {one["name"]: one["value"] for one in found}
    assert kept["requirements"] == "PACS-001, PACS-002"
    lost = {one["name"] for one in found if kept[one["name"]] != one["value"]}
    assert lost == {"requirement"}


def test_jenkins_takes_the_scenario_for_the_package_whatever_the_axes_are(tmp_path: Path) -> None:
    """What stands before the last dot of a class is its package to it."""
    classes = {case.classname for case in cases(told(tmp_path))}
    assert {name.rpartition(".")[0] for name in classes} == {"syntaxes"}


@pytest.mark.parametrize("by_check", [False, True])
def test_gitlab_shows_one_test_of_a_class_and_name(tmp_path: Path, by_check: bool) -> None:
    names = [case.name for case in cases(told(tmp_path, by_check))]
    assert len(set(names)) == len(names)
    if by_check:
        assert [name.rpartition("› ")[2] for name in names if "›" in name] == ["Same", "Same (2)"]


def test_gitlab_shows_why_a_test_was_skipped(tmp_path: Path) -> None:
    """It makes JSON of an element that has attributes and no text."""
    (skipped,) = ET.parse(told(tmp_path)).getroot().iter("skipped")
    assert skipped.text == skipped.get("message") == "an earlier step went wrong"


def test_what_reads_by_libxml2_reads_the_file_of_a_run_with_a_flood_of_messages(
    tmp_path: Path,
) -> None:
    """As GitLab does: it takes no text of more than ten million bytes, and shows no test at all then."""
    story = samples.Story()
    story.begin()
    story.case(samples.STEPS[:1])
    flood = [
        Logged(case="xray_smoke", id="echo_1", level="warning", message=f"{number:05} {'é' * 1000}")
        for number in range(6_000)
    ]
    story.step("echo_1", "echo", "Reach the PACS", inside=flood)
    story.end_case("passed")
    story.end("passed")
    write_reports(story.write(tmp_path), [JUnitReporter])
    text = etree.parse(tmp_path / "junit.xml").findtext("testsuite/system-out")
    assert text.count("\n") < 1_001
    told, more = text.splitlines()[:-1], text.splitlines()[-1]
    assert more == f"and {6_000 - len(told):,} more, all in run.json"


def test_an_attempt_that_did_not_count_is_told_in_the_test(tmp_path: Path) -> None:
    by_name = {case.name: case.system_out for case in cases(told(tmp_path))}
    assert by_name["wait_1: Wait"] == "attempt 1 of 2: failed: 1 of 2 stored"
