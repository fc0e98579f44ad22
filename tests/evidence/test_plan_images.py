"""The plan of a run is read into little memory, and what was told of each image stands beside it."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.evidence.outside.learning import learned
from scenario_runner.evidence.outside.record import redacted
from scenario_runner.evidence.plan_file import PlanFile
from scenario_runner.evidence.plan_images import SeriesImages
from scenario_runner.evidence.record import CaseRecord, RunRecord
from scenario_runner.evidence.sent_images import SentImages
from tests.planning.support import as_json, plan

if TYPE_CHECKING:
    from pathlib import Path

_PLANNED = (
    "patients: [{count: 2, studies: [{series: "
    "[{modality: CT, images: 3}, {modality: CR, images: 1}]}]}]"
)


def _written() -> str:
    return f'{{"cases": {as_json(plan(_PLANNED))}, "reserved": {{}}}}'


def _image(place: int, **changes: Any) -> str:
    image = {
        "key": f"p1.s1.e1.i{place}",
        "uid": f"1.2.{place}",
        "sop_class": "1.2",
        "number": place,
    }
    return json.dumps({**image, **changes})


def _series(*images: str) -> str:
    lines = ",\n     ".join(images)
    series = f'{{"key": "p1.s1.e1", "images": [\n     {lines}]}}'
    return (
        '{"cases": [\n {"id": "a", "patients": [\n  {"key": "p1", "studies": [\n   '
        f'{{"key": "p1.s1", "series": [\n    {series},\n    {{"key": "p1.s1.e2", "images": []}}]}}]}}]}}]}}'
    )


_TEXTS = {
    "as it is written": _written(),
    "one image": _series(_image(1)),
    "a field of a later version": _series(_image(1), _image(2, more="x"), _image(3)),
    "all in one line": json.dumps(json.loads(_written())),
    "without the first": _series(_image(2), _image(3)),
    "out of order": _series(_image(1), _image(3), _image(2), _image(1)),
    "a number that is no place": _series(_image(1, number=-7), _image(2, number=0)),
    "of two classes": _series(_image(1), _image(2, sop_class="1.3")),
    "words that are escaped": _series(_image(1, uid='1."2\\'), _image(2, uid="ü***")),
    "our own word": _series(_image(1, **{"images taken out": 0}), _image(2)),
}


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS.keys())
def test_the_plan_is_what_stands_in_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text, "utf-8")
    assert PlanFile.read(path) == PlanFile.model_validate_json(text)


def test_images_that_a_plan_is_written_with_are_made_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(_written(), "utf-8")
    (case,) = PlanFile.read(path).cases
    series = case.patients[1]["studies"][0]["series"]
    assert all(isinstance(one["images"], SeriesImages) for one in series)
    assert series[0]["images"][-1] == series[0]["images"][2]
    assert [one["number"] for one in series[0]["images"][1:]] == [2, 3]


def _told(image: str, status: str = "0000", step: str = "send") -> dict[str, Any]:
    return {
        "case": "a", "id": step, "target": "pacs", "image": image, "status": status,
        "stored": status == "0000", "maybe_stored": False, "earlier": None,
    }  # fmt: skip


_TOLD = {
    "each": [_told(f"p1.s1.e1.i{n}") for n in (1, 2, 3)],
    "the last word of a step": [_told("p1.s1.e1.i2", "A700"), _told("p1.s1.e1.i2")],
    "two steps": [
        _told("p1.s1.e1.i1"),
        _told("p1.s1.e1.i1", "A700", "again"),
        _told("p1.s1.e1.i1"),
    ],
    "backwards": [_told(f"p1.s1.e1.i{n}", f"A70{n}") for n in (3, 2, 1)],
    "of images that are not planned": [_told("p1.s1.e1.i9"), _told("p9.s1.e1.i1"), _told("x")],
    "far out, then near": [
        _told("p1.s1.e1.i999999999"),
        _told("p1.s1.e1.i2"),
        _told("p1.s1.e1.i01"),
    ],
}


@pytest.mark.parametrize("told", _TOLD.values(), ids=_TOLD.keys())
def test_what_was_told_stands_beside_each_image(tmp_path: Path, told: list[Any]) -> None:
    path = tmp_path / "plan.json"
    path.write_text(_series(*map(_image, (1, 2, 3))), "utf-8")
    small, plain = PlanFile.read(path), PlanFile.model_validate_json(path.read_bytes())
    for one in (small, plain):
        taking = SentImages()
        for event in told:
            taking.take(event)
        taking.mark("a", one.cases[0].patients)
        taking.mark("b", one.cases[0].patients)
    assert small == plain
    expected: dict[str, dict[str, str]] = {}
    for event in told:
        expected.setdefault(event["image"], {}).pop(event["id"], None)
        expected[event["image"]][event["id"]] = event["status"]
    images = small.cases[0].patients[0]["studies"][0]["series"][0]["images"]
    for image in images:
        said = [(one["step"], one["status"]) for one in image.get("sent", [])]
        assert said == list(expected.get(image["key"], {}).items())


def test_a_record_with_such_images_is_dumped_and_read_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(_series(_image(1), _image(2)), "utf-8")
    patients = PlanFile.read(path).cases[0].patients
    case = CaseRecord(id="a", name="a", outcome="passed")
    case.patients = patients
    record = RunRecord(id="r", outcome="passed", cases=[case])
    assert RunRecord.model_validate_json(record.model_dump_json(by_alias=True)) == record
    assert RunRecord.model_validate(record.model_dump(mode="json", by_alias=True)) == record
    assert redacted(record, learned(record), 0).redacted


def test_a_planned_image_costs_a_few_bytes(tmp_path: Path) -> None:
    count = 4_000
    path = tmp_path / "plan.json"
    path.write_text(_series(*map(_image, range(1, count + 1))), "utf-8")
    PlanFile.read(path)
    tracemalloc.start()
    try:
        told = SentImages()
        for place in range(1, count + 1):
            told.take(_told(f"p1.s1.e1.i{place}"))
        plan = PlanFile.read(path)
        told.mark("a", plan.cases[0].patients)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / count < 100
