"""``junit.xml`` by a reader of other makers, and the files that it names as GitLab and Jenkins look for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from scenario_runner.events import Attached
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
        for path in ("evidence/c001/differs.png", "evidence/c001/odd]].png")
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
