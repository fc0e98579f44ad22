"""What a plugin's step or check gives back: fit for the record, or a defect of the plugin; never a pass."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.api import CheckResult, Difference, StepResult
from scenario_runner.engine.given_back import plain, sound_check, sound_step
from scenario_runner.events import Logged, Stamped
from scenario_runner.evidence.log import event_line, read_events
from tests.engine.conftest import Play, outcomes

OF_STEPS: dict[str, Callable[[], Any]] = {
    "nothing and no StepResult": lambda: None,
    "outcome is 'error'": lambda: StepResult(outcome="error"),  # type: ignore[arg-type]
    "message is nothing": lambda: StepResult(message=None),  # type: ignore[arg-type]
    "facts are a list": lambda: StepResult(facts=[1]),  # type: ignore[arg-type]
}


def checked(**more: Any) -> CheckResult:
    return CheckResult(**{"outcome": "failed", "expected": 1, "actual": 2, **more})


OF_CHECKS: dict[str, Callable[[], CheckResult]] = {
    "outcome is 'fail'": lambda: checked(outcome="fail"),
    "message is an int": lambda: checked(message=5),
    "differences are nothing": lambda: checked(differences=None),
    "differences is a str": lambda: checked(differences=["x"]),
    "subject of a difference is nothing": lambda: checked(
        differences=[Difference(subject=None, attribute="A", expected=1, actual=2)]  # type: ignore[arg-type]
    ),
    "pictures is a str": lambda: checked(pictures=["x"]),
}


@pytest.mark.parametrize("said", OF_STEPS)
def test_a_step_that_breaks_its_contract_is_told_how(said: str) -> None:
    with pytest.raises(TypeError, match=said):
        sound_step(OF_STEPS[said]())


@pytest.mark.parametrize("said", OF_CHECKS)
def test_a_check_that_breaks_its_contract_is_told_how(said: str) -> None:
    with pytest.raises(TypeError, match=said):
        sound_check(OF_CHECKS[said]())


class Odd:
    """Throws where it is asked for its text."""

    def __str__(self) -> str:
        raise SystemExit(1)


@dataclass
class Found:
    """Holds what cannot be copied."""

    lock: Any


class Level(Enum):
    """Is written as its value."""

    HIGH = "high"


def endless() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["again"] = value
    return value


@dataclass
class Leaf:
    """Knows what it lies in, as the leaves of most trees."""

    name: str
    above: list[Leaf]


def tree() -> list[Leaf]:
    every: list[Leaf] = []
    every += [Leaf("a", every), Leaf("b", every)]
    return every


def shared() -> list[Any]:
    value: list[Any] = ["x"]
    for _ in range(40):
        value = [value, value]
    return value


VALUES: dict[str, Callable[[], Any]] = {
    "a text that throws": Odd,
    "a lock": threading.Lock,
    "a lock within": lambda: Found(threading.Lock()),
    "a generator": lambda: (1 // 0 for _ in "a"),
    "in itself": endless,
    "a tree with parents": tree,
    "a number of 5,001 digits": lambda: 10**5000,
    "keys of any kind": lambda: {("a", 1): 1, Odd(): 2, None: 3, 4: 5},
    "a set": lambda: {1},
    "an enum": lambda: Level.HIGH,
}


@pytest.mark.parametrize("name", VALUES)
def test_whatever_value_there_is_the_event_is_written_and_read_again(
    tmp_path: Path, name: str
) -> None:
    value = plain({"value": VALUES[name]()})
    event = Logged(case="c", id="i", level="info", message=value)
    (tmp_path / "log").write_bytes(event_line(Stamped(1, "now", event)))
    (told,) = read_events(tmp_path / "log")
    assert told["event"] == "logged"
    assert len(str(told["message"])) < 2000


def test_values_that_the_record_can_hold_stay_what_they_are() -> None:
    value = {"a": [1, 2.5, None, True, "x"], "b": {"c": ("d", 10**100)}, "e": Level.HIGH}
    assert plain(value) == {"a": [1, 2.5, None, True, "x"], "b": {"c": ["d", 10**100]}, "e": "high"}


def test_a_few_lists_that_stand_in_each_other_twice_over_do_not_become_millions() -> None:
    text = str(plain(shared()))
    assert "'x'" in text
    assert "…" in text
    assert len(text) < 3_000_000


def test_of_what_a_step_tells_nothing_is_cut_for_its_length() -> None:
    told = {"left_out": [{"uid": f"1.2.{number}", "why": "refused"} for number in range(80_000)]}
    assert plain(told) == told


def test_a_step_that_gives_an_error_back_has_not_passed(play: Play) -> None:
    done, run = play(
        [{"probe": {"ends": "returned error"}}, {"probe": {}}], **{"finally": [{"probe": {}}]}
    )
    done.check(4)
    assert run["outcome"] == "error"
    assert outcomes(run) == {"probe": "error", "probe-2": "skipped", "probe-3": "passed"}
    assert "its outcome is 'error'" in run["cases"][0]["steps"][0]["message"]
