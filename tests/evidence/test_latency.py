"""How long operations took, from the events to the page."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.evidence.html_latency import is_load, latencies
from scenario_runner.evidence.latency_plots import distribution, over_time, short_time, throughput
from scenario_runner.evidence.record import StepRecord
from scenario_runner.evidence.record_latency import LatencyRecord
from scenario_runner.measuring.measured import Measured
from tests.running import fabricate

if TYPE_CHECKING:
    from pathlib import Path

_SCENARIO = """
schema: scenario/v1
name: measured
patients: [{studies: [{series: [{modality: CR, images: 2, size: [16, 16], burn_in: false}]}]}]
steps:
  - echo: {to: pacs}
  - send: {to: pacs}
  - query: {on: pacs, level: study, match: {StudyInstanceUID: "{{ studies[0].uid }}"}}
  - retrieve: {from: pacs}
"""


def _record(count: int, *, late: bool = False) -> LatencyRecord:
    dice = random.Random(1)
    measured = Measured("C-STORE")
    for number in range(count):
        took = dice.lognormvariate(-4, 1)
        measured.record(number / 10, took, failed=number % 50 == 0, late=0.1 if late else None)
    return LatencyRecord.model_validate(measured.plain())


def test_every_operation_of_a_run_is_measured_and_stands_in_its_report(tmp_path: Path) -> None:
    import json

    file = tmp_path / "measured.yaml"
    file.write_text(_SCENARIO, encoding="utf-8")
    fabricate("run", file, "--out", tmp_path / "run").check()
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    found = {
        latency["operation"]: latency
        for step in record["cases"][0]["steps"]
        for latency in step["latencies"]
    }
    assert {name: one["count"] for name, one in found.items()} == {
        "C-ECHO": 1,
        "C-STORE": 2,
        "C-FIND": 1,
        "C-GET": 1,
    }
    assert found["C-STORE"]["groups"][0]["name"] == "CR"
    assert all(0 < one["p50_s"] <= one["p99_s"] <= one["max_s"] for one in found.values())
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert page.count('<section class="latency">') == 4


@pytest.mark.parametrize("draw", [distribution, over_time, throughput])
def test_a_picture_says_in_words_what_it_shows_and_stays_within_its_frame(draw: Any) -> None:
    picture = str(draw(_record(400)))
    assert re.search(r"<title>C-STORE: [^<]+</title>", picture)
    for x, y in re.findall(r'x="([-\d.]+)" y="([-\d.]+)"', picture):
        assert 0 <= float(x) <= 480
        assert 0 <= float(y) <= 130
    assert "nan" not in picture


@pytest.mark.parametrize("draw", [distribution, over_time, throughput])
def test_a_few_operations_are_numbers_and_no_picture(draw: Any) -> None:
    assert str(draw(_record(3))) == ""


def test_a_load_tells_the_time_from_the_request_and_how_late_it_was_beside() -> None:
    step = StepRecord(id="send", step="send", outcome="passed", latencies=[_record(50, late=True)])
    assert is_load(step)
    [shown] = latencies(step).items
    assert [row["name"] for row in shown["rows"]] == [
        "C-STORE",
        "from its request",
        "begun late by",
    ]


def test_associations_stand_by_their_numbers_whichever_was_answered_first() -> None:
    measured = Measured("C-ECHO")
    for name in ("2", "10", "1", "x", "9" * 5000):
        measured.record(1.0, 0.01, labels={"modality": "CT", "association": name})
    record = LatencyRecord.model_validate(measured.plain())
    step = StepRecord(id="echo", step="echo", outcome="passed", latencies=[record])
    [shown] = latencies(step).items
    names = [row["name"] for row in shown["rows"] if len(row["name"]) < 20]
    assert names == [
        "C-ECHO", "modality CT", "association x", "association 1", "association 2", "association 10",
    ]  # fmt: skip


def test_numbers_that_cannot_be_drawn_are_left_out() -> None:
    damaged = _record(50).model_copy(update={"max_s": float("inf")})
    step = StepRecord(id="send", step="send", outcome="passed", latencies=[damaged])
    assert latencies(step).items == []


def test_times_are_written_in_a_unit_that_suits_them() -> None:
    assert [short_time(one) for one in (0.00031, 0.0123, 1.25, 12.5, 125.0)] == [
        "310 µs", "12.3 ms", "1.25 s", "12.5 s", "125 s",
    ]  # fmt: skip
