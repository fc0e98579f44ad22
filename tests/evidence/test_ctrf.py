"""``ctrf.json`` as the Common Test Report Format's tools read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scenario_runner.evidence.ctrf import CtrfReporter
from scenario_runner.evidence.write import write_reports
from tests.evidence import samples

SCHEMA = json.loads((Path(__file__).parent / "ctrf.schema.json").read_text(encoding="utf-8"))


def _ctrf(folder: Path, name: str) -> dict[str, Any]:
    write_reports(samples.ALL[name]().write(folder), [CtrfReporter])
    report: dict[str, Any] = json.loads((folder / "ctrf.json").read_text(encoding="utf-8"))
    return report


@pytest.mark.parametrize("name", samples.ALL)
def test_every_run_gives_a_valid_file(tmp_path: Path, name: str) -> None:
    report = _ctrf(tmp_path, name)
    Draft202012Validator(SCHEMA).validate(report)
    summary, tests = report["results"]["summary"], report["results"]["tests"]
    assert summary["tests"] == len(tests)
    for status in ("passed", "failed", "pending", "skipped", "other"):
        assert summary[status] == sum(test["status"] == status for test in tests)


def test_a_failed_test_has_message_trace_and_its_checks(tmp_path: Path) -> None:
    tests = _ctrf(tmp_path, "failing")["results"]["tests"]
    failed = next(test for test in tests if test["status"] == "failed")
    assert failed["message"] == "2 of 4 checks failed"
    assert "PixelSpacing" in failed["trace"]
    assert [step["status"] for step in failed["steps"]] == ["failed", "passed", "failed", "passed"]
    assert failed["suite"] == ["xray_smoke"]
    assert failed["start"] == samples.BEGIN.timestamp() * 1000 + 2139


def test_a_step_that_needed_more_than_one_attempt_is_told_as_flaky(tmp_path: Path) -> None:
    tests = _ctrf(tmp_path, "passing")["results"]["tests"]
    assert [(test["retries"], test["flaky"]) for test in tests if "retries" in test] == [(2, True)]


@pytest.mark.parametrize("name", ["interrupted", "empty"])
def test_a_killed_run_is_not_green(tmp_path: Path, name: str) -> None:
    tests = _ctrf(tmp_path, name)["results"]["tests"]
    assert any(test["rawStatus"] == "interrupted" for test in tests)
