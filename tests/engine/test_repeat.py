"""Steps that run turn after turn."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Play, outcomes
from tests.running import steps


def probe(ends: str = "passed", **more: Any) -> dict[str, Any]:
    return {"probe": {"ends": ends, **more}}


def equal(actual: str, expected: Any) -> dict[str, Any]:
    return {"assert": [{"equal": {"actual": actual, "expected": expected}}]}


def test_a_step_runs_turn_after_turn_until_it_is_enough(play: Play) -> None:
    until = {"times": 9, "until": "result >= vars.enough and turn < 5", "every": "1ms"}
    done, run = play(
        [
            {**probe(value="{{ turn * 10 }}"), "id": "a", "repeat": 3, "save_as": "all"},
            equal("{{ all }}", [10, 20, 30]),
            {**probe(value="{{ turn }}"), "id": "b", "repeat": until, "save_as": "until"},
            equal("{{ until }}", [1, 2]),
        ],
        vars={"enough": 2},
    )
    done.check()
    assert list(outcomes(run)) == ["a[0]", "a[1]", "a[2]", "assert", "b[0]", "b[1]", "assert-2"]


def test_one_that_comes_to_no_good_end_says_so_and_is_not_gone_on_with(play: Play) -> None:
    ends = "{{ 'failed' if turn == 2 else 'passed' }}"
    never = {"times": "{{ vars.most }}", "until": "result > 1"}
    done, run = play(
        [{**probe(value=1), "id": "never", "repeat": never}, {**probe(), "id": "after"}],
        vars={"most": 2},
        **{
            "finally": [
                {**probe(ends, value="{{ turn }}"), "id": "bad", "repeat": 5, "save_as": "all"},
                equal("{{ all | length }}", 2),
                {**probe(value="x"), "id": "wrong", "repeat": {"until": "result > 1"}},
            ]
        },
    )
    assert done.code == 3
    assert outcomes(run) == {
        "never[0]": "passed", "never[1]": "passed", "never": "failed", "after": "skipped",
        "bad[0]": "passed", "bad[1]": "failed", "assert": "passed",
        "wrong[0]": "passed", "wrong": "error",
    }  # fmt: skip
    assert steps(run)["never"]["message"] == "'until' did not hold after 2 turns"
    assert steps(run)["wrong"]["message"].startswith("line ")


def test_a_turn_that_is_skipped_is_not_asked_what_it_came_to(play: Play) -> None:
    until = {"times": 3, "until": "result | length == 1"}
    ends = {"times": 3, "until": "result > 5"}
    done, run = play(
        [
            {**probe(value="x"), "id": "never", "when": "vars.no", "repeat": until},
            {**probe(value=1), "id": "ended", "when": "turn < 2", "repeat": ends},
        ],
        vars={"no": False},
    )
    assert done.code == 1
    assert outcomes(run) == {
        "never[0]": "skipped", "ended[0]": "passed", "ended[1]": "skipped", "ended": "failed",
    }  # fmt: skip


def test_what_cannot_be_repeated_is_told_before_the_run(play: Play) -> None:
    wrong: list[Any] = [0, 1001, "often", {"till": "x"}, {"until": "{{ turns }}"}]
    wrong.append({"times": "{{ turn }}"})
    done, _ = play([{**probe(), "repeat": one} for one in wrong])
    assert done.code == 3
    codes = ("FAB107", "FAB107", "FAB102", "FAB104", "FAB203", "FAB203")
    assert [line.split(" ")[2][:-1] for line in done.err.splitlines() if " error " in line] == [
        *codes
    ]
    done, _ = play([{**probe(), "repeat": 2, "for_each": [1]}])
    assert "'repeat' stands beside 'for_each'" in done.err


@pytest.mark.parametrize(
    ("until", "fails", "code", "message"),
    [
        ("turn > 5", True, 0, "failed as it should: 'until' did not hold after 2 turns"),
        ("turn > 5", "did not hold", 0, "failed as it should: 'until' did not hold after 2 turns"),
        (
            "turn > 5",
            "refused",
            1,
            "failed for another reason than 'refused': 'until' did not hold",
        ),
        ("turn == 2", True, 1, "passed, though it should have failed: 'until' held after 2 turns"),
    ],
)
def test_what_is_to_fail_is_all_turns_together(
    play: Play, until: str, fails: Any, code: int, message: str
) -> None:
    """A turn that passes was called a failure before ``until`` was asked, so that none could be waited for in vain."""
    repeat = {"times": 2, "until": until}
    done, run = play([{**probe(), "id": "a", "repeat": repeat, "fails": fails}])
    done.check(code)
    assert outcomes(run) == {
        "a[0]": "passed", "a[1]": "passed", "a": "passed" if code == 0 else "failed"
    }  # fmt: skip
    assert steps(run)["a"]["message"].startswith(message)
    assert steps(run)["a"]["foreseen"] is (code == 0)


def test_a_turn_that_fails_as_it_should_is_enough(play: Play) -> None:
    ends = "{{ 'failed' if turn == 2 else 'passed' }}"
    repeat = {"times": 5, "until": "turn == 2"}
    done, run = play([{**probe(ends), "id": "a", "repeat": repeat, "fails": True}])
    done.check()
    assert outcomes(run) == {"a[0]": "passed", "a[1]": "passed"}
    assert [steps(run)[one]["foreseen"] for one in ("a[0]", "a[1]")] == [False, True]


def test_it_is_enough_where_until_never_holds_and_says_nothing_of_the_reason(play: Play) -> None:
    """``fails`` is about what a turn says, which "'until' did not hold" is not."""
    repeat = {"times": 2, "until": "turn > 5"}
    done, run = play([{**probe("failed"), "id": "a", "repeat": repeat, "fails": "^failed$"}])
    done.check()
    assert outcomes(run) == {"a[0]": "passed", "a[1]": "passed"}
