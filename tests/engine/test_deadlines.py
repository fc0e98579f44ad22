"""A step's time, and Ctrl-C, hold for whatever belongs to the step: conditions, repetitions, titles, values, checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.engine.negative import judged
from scenario_runner.engine.services import Control
from scenario_runner.language import searching
from scenario_runner.language.template_filters import FILTERS
from scenario_runner.language.template_values import present
from tests.engine.test_thrown import play, request, require_whole
from tests.running import steps

HELD = 180.0
"""Seconds that a template takes whose filter is held; a test that waits for it has failed."""
SLOW = "{{ run.seed | abs }}"
ENTRIES: dict[str, dict[str, Any]] = {
    "when": {"log": {"message": "x"}, "when": "run.seed | abs > 0"},
    "for_each": {"log": {"message": "x"}, "for_each": "{{ [run.seed | abs] }}"},
    "a parameter": {"log": {"message": SLOW}},
    "a check": {"assert": [{"equal": {"actual": SLOW, "expected": 1}}]},
    "an expression that is waited for": {
        "wait": {"on": "pacs", "until": {"expr": "run.seed | abs > 1"}}
    },
}


class Held:
    """A filter that does not come back before it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = threading.Event()
        self.then: Any = lambda: None

    def __call__(self, _: Any, value: Any) -> Any:
        present(value)  # what checks the file beforehand has none
        if not self.asked.is_set():
            self.asked.set()
            self.then()
        self.go.wait(HELD)
        return value


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """In the place of ``abs``."""
    one = Held()
    monkeypatch.setitem(FILTERS, "abs", one)
    yield one
    one.go.set()


@pytest.mark.parametrize("place", ENTRIES)
def test_a_template_that_does_not_end_is_left_behind_when_the_step_s_time_is_over(
    tmp_path: Path, held: Held, place: str
) -> None:
    entry = {**ENTRIES[place], "id": "slow", "timeout": "1s"}
    began = time.monotonic()
    # A PACS that starts may take its second, too.
    assert play(request(tmp_path, [{"echo": {"to": "pacs"}}, entry, {"probe": {}}])) == 1
    assert held.asked.is_set()
    assert time.monotonic() - began < HELD / 2
    result = require_whole(tmp_path, "failed")
    assert "longer than its timeout of 1 s" in steps(result)["slow"]["message"]
    assert steps(result)["probe"]["outcome"] == "skipped"


@pytest.mark.parametrize("place", ENTRIES)
def test_ctrl_c_ends_a_template_that_does_not_end(tmp_path: Path, held: Held, place: str) -> None:
    control = Control()
    held.then = control.interrupt
    entry = {**ENTRIES[place], "id": "slow"}
    began = time.monotonic()
    assert play(request(tmp_path, [entry]), control=control) == 130
    assert time.monotonic() - began < HELD / 2
    result = require_whole(tmp_path, "interrupted")
    assert steps(result)["slow"]["outcome"] == "interrupted"


def test_a_title_that_does_not_end_is_shown_as_written(tmp_path: Path, held: Held) -> None:
    entry = {"log": {"message": "x"}, "id": "slow", "title": SLOW, "timeout": "1s"}
    assert play(request(tmp_path, [entry])) == 1
    assert steps(require_whole(tmp_path, "failed"))["slow"]["title"] == SLOW


@pytest.mark.parametrize("place", ["when", "for_each"])
def test_what_a_condition_throws_is_an_error_of_its_step_with_all_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(_: Any, value: Any) -> Any:
        present(value)
        raise SystemExit("thrown by a test")

    monkeypatch.setitem(FILTERS, "abs", broken)
    entry = {**ENTRIES[place], "id": "broken"}
    assert play(request(tmp_path, [entry])) == 4
    broke = steps(require_whole(tmp_path, "error"))["broken"]
    assert broke["outcome"] == "error"
    assert f"'{place}' has a defect: SystemExit" in broke["message"]


def test_one_limit_holds_for_all_texts_that_a_failure_is_searched_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []

    def slow(_: str, __: str, seconds: float) -> bool:
        asked.append(seconds)
        if seconds <= 0:
            raise searching.PatternError("takes longer")
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        return False

    monkeypatch.setattr(searching, "_is_found", slow)
    holds, message = judged(True, "it failed", "wanted", {}, ["a reason"] * 1000)
    assert (holds, message) == (False, "'fails' cannot be used: takes longer")
    assert len(asked) < 10
