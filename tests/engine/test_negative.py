"""``fails``: what is to fail has passed only when it fails, and for the reason that was named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.running import fabricate, record, steps, write_scenario

NEVER: dict[str, Any] = {"equal": {"actual": 1, "expected": 2}}
EVER: dict[str, Any] = {"equal": {"actual": 1, "expected": 1}}


def run(tmp_path: Path, code: int, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    scenario = write_scenario(tmp_path / "s.yaml", entries, **more)
    fabricate("run", scenario, "--out", tmp_path / "run").check(code)
    return steps(record(tmp_path / "run"))


@pytest.mark.parametrize(
    ("check", "code", "message"),
    [
        ({**NEVER, "fails": "expected 2"}, 0, "failed as it should: "),
        ({**NEVER, "fails": "expected {{ 1 + 1 }}"}, 0, "failed as it should: "),
        ({**NEVER, "fails": True}, 0, "failed as it should: "),
        ({**EVER, "fails": True}, 1, "passed, though it should have failed"),
        ({**NEVER, "fails": "timeout"}, 1, "failed for another reason than 'timeout': "),
        ({**EVER, "fails": "."}, 1, "passed, though it should have failed"),
        (
            {"tags": {"of": "{{ 5 if run.id else 6 }}", "equal": "sent"}, "fails": "."},
            1,
            "'5' holds no instances that a 'retrieve'",
        ),
        ({**NEVER, "fails": "{{ '([' if run.id else '' }}"}, 1, "'fails' cannot be used: "),
    ],
)
def test_a_check_that_is_to_fail(
    tmp_path: Path, check: dict[str, Any], code: int, message: str
) -> None:
    [told] = run(tmp_path, code, {"assert": [check]})["assert"]["checks"]
    assert told["outcome"] == ("passed" if code == 0 else "failed")
    assert told["message"].startswith(message)


@pytest.mark.parametrize(
    ("step", "code", "outcome", "message"),
    [
        ({"assert": [NEVER], "fails": "1 of 1 check failed"}, 0, "passed", "failed as it should"),
        ({"assert": [EVER], "fails": "failed"}, 1, "failed", "passed, though it should have"),
        ({"assert": [NEVER], "fails": "late"}, 1, "failed", "failed for another reason"),
        ({"pause": {"for": "5s"}, "timeout": "100ms", "fails": "longer"}, 0, "passed", "failed as"),
        # A wrong scenario is no failure of what is tested.
        (
            {"send": {"to": "pacs", "what": "{{ 'x' if run.id else '' }}"}, "fails": "."},
            3,
            "error",
            "'x' is no sel",
        ),
    ],
)
def test_a_step_that_is_to_fail(
    tmp_path: Path, step: dict[str, Any], code: int, outcome: str, message: str
) -> None:
    ended = run(tmp_path, code, {"id": "it", **step})["it"]
    assert ended["outcome"] == outcome
    assert ended["message"].startswith(message)


def test_must_and_retry_look_at_the_outcome_that_is_wanted(tmp_path: Path) -> None:
    ended = run(
        tmp_path,
        0,
        {
            "id": "first",
            "assert": [{**NEVER, "fails": "expected", "must": True}, EVER],
            "retry": {"attempts": 3},
        },
        {"id": "second", "log": {"message": "still here"}},
    )
    assert [ended["first"]["attempts"], ended["second"]["outcome"]] == [1, "passed"]


def test_an_expression_that_is_none_is_found_before_anything_runs(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", [{"echo": {"to": "pacs"}, "fails": "(["}])
    assert "no regular expression" in fabricate("validate", scenario).check(3).out


def test_what_several_turns_retrieved_is_compared_turn_by_turn(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"send": {"to": "pacs"}},
        {"retrieve": {"from": "pacs"}, "repeat": 2, "save_as": "back"},
        {
            "assert": [
                {"pixels": {"of": "{{ back[1] }}", "equal": "sent"}},
            ]
        },
    ]
    (first,) = run(tmp_path, 0, *entries)["assert"]["checks"]
    assert first["outcome"] == "passed"
