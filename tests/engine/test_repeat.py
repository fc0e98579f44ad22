"""Steps that run turn after turn."""

from __future__ import annotations

from typing import Any

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
