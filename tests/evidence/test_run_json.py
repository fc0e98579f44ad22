"""``run.json`` holds the whole record, in lines of which each is small, however much was planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.evidence.record import CaseRecord, RunRecord
from scenario_runner.evidence.run_json import RunJsonReporter

if TYPE_CHECKING:
    from pathlib import Path


def image(number: int) -> dict[str, Any]:
    sent = {"step": "send", "to": "pacs", "status": "0000", "stored": True}
    return {"key": f"p1.s1.e1.i{number}", "uid": f"1.2.{number}", "number": number, "sent": [sent]}


def patient(*studies: dict[str, Any]) -> dict[str, Any]:
    return {"key": "p1", "id": "A", "name": '山田^花子\u202e"\\', "studies": list(studies)}


SERIES = {"key": "p1.s1.e1", "faults": [], "picture": None, "images": [image(1), image(2)]}
STUDIES = [{"key": "p1.s1", "series": [SERIES, {"key": "p1.s1.e2", "images": []}]}]


@pytest.mark.parametrize(
    "patients",
    [
        [],
        [patient()],
        [patient(*STUDIES), patient(*STUDIES)],
        [{"key": "p1"}],
        [{"studies": STUDIES}],
    ],
    ids=["nobody", "no study", "two", "no studies named", "nothing else"],
)
def test_what_was_planned_comes_back(tmp_path: Path, patients: list[Any]) -> None:
    cases = [
        CaseRecord(id=one, name=one, outcome="passed", patients=patients) for one in ("a", "b")
    ]
    record = RunRecord(id="r", outcome="passed", cases=cases)
    RunJsonReporter().write(record, tmp_path)
    text = (tmp_path / "run.json").read_text("utf-8")
    assert RunRecord.model_validate_json(text) == record
    assert "\u202e" not in text


def test_an_image_is_a_line(tmp_path: Path) -> None:
    many = {**SERIES, "images": [image(number) for number in range(1000)]}
    record = RunRecord(
        id="r",
        outcome="passed",
        cases=[
            CaseRecord(
                id="a",
                name="a",
                outcome="passed",
                patients=[patient({"key": "p1.s1", "series": [many]})],
            )
        ],
    )
    RunJsonReporter().write(record, tmp_path)
    lines = (tmp_path / "run.json").read_text("utf-8").splitlines()
    assert sum('"uid"' in line for line in lines) == 1000
    assert max(map(len, lines)) < 250


def test_a_number_that_is_none_in_an_edited_plan_spoils_nothing(tmp_path: Path) -> None:
    patients: list[Any] = [{"key": "p1", "weight": float("nan"), "studies": STUDIES}]
    case = CaseRecord(id="a", name="a", outcome="passed", patients=patients)
    RunJsonReporter().write(RunRecord(id="r", outcome="passed", cases=[case]), tmp_path)
    said = json.loads((tmp_path / "run.json").read_text("utf-8"), parse_constant=pytest.fail)
    assert said["cases"][0]["patients"] == [{**patients[0], "weight": None}]
