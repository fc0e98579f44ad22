"""Run folders of earlier versions: what was evidence stays evidence.

`kept_runs/` has a small run of each version of the record and of the event log. They are never written again.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from jsonschema import Draft202012Validator

from scenario_runner.evidence.built_in import fabricate_reporters
from scenario_runner.evidence.comparing import compare
from scenario_runner.evidence.record import published_schema
from scenario_runner.evidence.write import read_record, write_reports
from scenario_runner.resources import resource
from tests.evidence import samples

CTRF = json.loads((Path(__file__).parent / "ctrf.schema.json").read_text(encoding="utf-8"))
KEPT_FOLDER = Path(__file__).parent / "kept_runs"
KEPT = sorted(KEPT_FOLDER.iterdir())


@pytest.mark.parametrize("kept", KEPT, ids=lambda path: path.name)
def test_a_run_of_an_earlier_version_still_has_its_reports(kept: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(kept, tmp_path / "run"))
    record = write_reports(folder, fabricate_reporters())
    assert record.outcome == "failed"
    assert record.problems == []
    assert [case.outcome for case in record.cases] == ["failed", "error"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "5 attributes of 2 instances differ" in page


@pytest.mark.parametrize("version", ["events-v1", "events-v2"])
def test_every_instance_of_an_earlier_version_is_still_known(version: str) -> None:
    record = read_record(KEPT_FOLDER / version)
    images = [
        image
        for case in record.cases
        for patient in case.patients
        for study in patient["studies"]
        for series in study["series"]
        for image in series["images"]
    ]
    assert len(images) == 32
    assert [[one["status"] for one in image["sent"]] for image in images] == [
        ["A700" if image["key"].endswith(".i3") else "0000"] for image in images
    ]


DAMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a duration that is no number": ("attempt_finished", {"duration_s": "NaN"}),
    "a duration below nought": ("step_finished", {"duration_s": -1}),
    "a duration without end": ("run_finished", {"duration_s": 1e308}),
    "a time that is none": ("step_started", {"time": "2026-99-99"}),
    "a planned step whose line is a fraction": (
        "case_started", {"steps": [{"id": "never_1", "line": 1.5}, {"id": 7}, {"id": "never_2", "tags": 0}]},
    ),
    "a step without a name": ("step_finished", {"id": ""}),
    "a check without a name": ("check_finished", {"check": "", "title": ""}),
    "a case without a name": ("case_started", {"case": "", "name": "", "scenario": {}}),
    "a case with half a letter": ("case_started", {"case": "\ud800"}),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_reports_of_a_log_that_somebody_has_edited_are_whole_and_valid(
    damage: str, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(KEPT_FOLDER / "run-v1", tmp_path / "run"))
    log = folder / "events.ndjson"
    kind, altered = DAMAGES[damage]
    events = [json.loads(line) for line in log.read_bytes().splitlines()]
    assert any(event["event"] == kind for event in events)
    told = [event | (altered if event["event"] == kind else {}) for event in events]
    log.write_text("".join(f"{json.dumps(event)}\n" for event in told), encoding="utf-8")
    record = write_reports(folder, fabricate_reporters())
    xmlschema.XMLSchema(str(resource("reports", "xsd/junit.xsd"))).validate(
        str(folder / "junit.xml")
    )
    Draft202012Validator(CTRF).validate(json.loads((folder / "ctrf.json").read_bytes()))
    Draft202012Validator(published_schema()).validate(
        json.loads((folder / "run.json").read_bytes())
    )
    compare(read_record(KEPT_FOLDER / "run-v1"), record)
    if damage.startswith("a planned step"):
        assert "a planned step of case" in "\n".join(record.problems)
        assert "never_1" in [step.id for step in record.cases[0].steps]


def test_a_run_of_today_is_compared_with_one_of_an_earlier_version(
    tmp_path: Path,
) -> None:
    today = read_record(samples.failing().write(tmp_path / "today"))
    assert not compare(read_record(KEPT_FOLDER / "run-v1"), today).of("worse")


def test_what_a_log_of_the_first_version_does_not_say_is_no_worse_afterwards() -> None:
    """It has no status of any instance, one of which was refused in both."""
    before, after = (read_record(KEPT_FOLDER / name) for name in ("run-v1", "events-v2"))
    assert not compare(before, after).of("worse")


def test_a_run_is_the_same_in_the_form_of_each_version() -> None:
    before, after = (read_record(KEPT_FOLDER / f"events-v{number}") for number in (1, 2))
    assert before == after


def test_a_log_of_a_later_version_is_not_read_as_if_it_were_known(tmp_path: Path) -> None:
    folder = samples.passing().write(tmp_path / "run")
    log = folder / "events.ndjson"
    text = log.read_text(encoding="utf-8")
    assert '"schema":"events/v2"' in text
    log.write_text(text.replace("events/v2", "events/v9"), encoding="utf-8")
    (problem,) = read_record(folder).problems
    assert "events/v9" in problem
