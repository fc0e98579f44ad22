"""When the time is over, the record says what had happened by then, in numbers for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import StepTimeout
from tests.running import fabricate, record, steps, write_scenario

if TYPE_CHECKING:
    from pathlib import Path


def run(tmp_path: Path, entries: list[Any]) -> dict[str, dict[str, Any]]:
    out = tmp_path / "run"
    file = write_scenario(tmp_path / "s.yaml", entries)
    fabricate("run", file, "--registry", ":memory:", "--out", out).check(1)
    return steps(record(out))


def test_a_wait_that_ends_within_a_poll_says_how_often_it_asked_and_what_it_saw(
    tmp_path: Path,
) -> None:
    query = {"query": {"level": "study", "match": {"PatientID": "NOBODY"}}}
    wait = {"on": "pacs", "until": query, "every": "100ms", "timeout": "9s"}
    faults = {"misbehave": {"on": "pacs", "faults": [{"delay": {"on": "find", "seconds": "4s"}}]}}
    message = run(tmp_path, [faults, {"wait": wait}])["wait"]["message"]
    assert re.fullmatch(
        r"not so within 9 s, asked \w+( times)?; last seen \(after [\d.]+ s\): 0 matches; "
        r"the last time: cut off, for the time was over",
        message,
    ), message


def test_the_timeout_of_the_step_ends_a_wait_with_the_same_words(tmp_path: Path) -> None:
    query = {"query": {"level": "study", "match": {"PatientID": "NOBODY"}}}
    entry = {"wait": {"on": "pacs", "until": query, "every": "100ms"}, "timeout": "9s"}
    message = run(tmp_path, [{"echo": {"to": "pacs"}}, entry])["wait"]["message"]
    assert re.match(
        r"not so within [5-9][.\d]* s, asked \d+ times; last seen.*: 0 matches", message
    )


def test_a_limit_is_named_as_it_was_set() -> None:
    deadline = Deadline(0.25).within(60).within(None)
    with pytest.raises(StepTimeout, match=r"its timeout of 0\.25 s$"):
        deadline.sleep(0.5)


@pytest.mark.parametrize("braces", [True, False])
def test_fail_when_takes_an_expression_under_expr_as_until_does(
    tmp_path: Path, braces: bool
) -> None:
    fails = "poll.attempt == 2"
    fail_when = {"expr": f"{{{{ {fails} }}}}" if braces else fails}
    wait = {"on": "pacs", "until": {"expr": False}, "fail_when": fail_when, "every": "100ms"}
    told = run(tmp_path, [{"echo": {"to": "pacs"}}, {"wait": wait}])["wait"]
    assert told["message"] == "fail_when held after 2 polls"
    misspelt = {**wait, "fail_when": {"expr": "{{ pol.attempt == 2 }}"}}
    file = write_scenario(tmp_path / "w.yaml", [{"wait": misspelt}])
    assert "there is no 'pol' here; did you mean 'poll'?" in fabricate(
        "validate", file
    ).check(3).out  # fmt: skip


@pytest.mark.parametrize("braces", [True, False])
def test_an_expression_may_have_its_braces(tmp_path: Path, braces: bool) -> None:
    holds, fails = "poll.missing == 0 and poll.stored == 2", "poll.attempt > 50"
    if braces:
        holds, fails = f"{{{{ {holds} }}}}", f"{{{{ {fails} }}}}"
    entries = [
        {"send": {"to": "pacs"}},
        {"wait": {"on": "pacs", "until": {"expr": holds}, "fail_when": fails, "timeout": "20s"}},
    ]
    scenario = write_scenario(tmp_path / "s.yaml", entries)
    out = tmp_path / "run"
    fabricate("run", scenario, "--registry", ":memory:", "--out", out).check()
    assert steps(record(out))["wait"]["outcome"] == "passed"
