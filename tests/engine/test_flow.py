"""What runs, what is skipped, and what is remembered: the semantics of a list of steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Play, outcomes
from tests.running import steps


def probe(ends: str = "passed", **more: Any) -> dict[str, Any]:
    return {"probe": {"ends": ends, **more}}


def test_steps_after_a_failed_one_are_skipped_and_finally_runs(play: Play) -> None:
    entries = [probe("failed"), probe()]
    done, run = play(entries, **{"finally": [probe(), probe("failed"), probe()]})
    assert done.code == 1
    assert outcomes(run) == {
        "probe": "failed", "probe-2": "skipped", "probe-3": "passed", "probe-4": "failed",
        "probe-5": "passed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "code", "outcome"), [("failed", 1, "failed"), ("error", 4, "error")]
)
def test_the_outcome_of_a_step_is_the_outcome_of_the_run(
    play: Play, ends: str, code: int, outcome: str
) -> None:
    done, run = play([probe(ends)])
    assert (done.code, run["outcome"], run["cases"][0]["outcome"]) == (code, outcome, outcome)


def test_a_defect_of_a_plugin_is_an_error_with_its_traceback_as_evidence(
    play: Play, tmp_path: Path
) -> None:
    done, run = play([probe("defect")])
    done.check(4)
    step = steps(run)["probe"]
    assert "step 'probe' has a defect: ZeroDivisionError: a bug of a third party" in step["message"]
    (attached,) = step["attachments"]
    assert "ZeroDivisionError" in (tmp_path / "run" / attached["path"]).read_text("utf-8")


def test_captures_survive_a_failed_step_and_finally_sees_them(play: Play) -> None:
    entries = [probe("error") | {"save_as": "kept"}]
    check = {"assert": [{"equal": {"actual": "{{ kept.half }}", "expected": "done"}}]}
    _, run = play(entries, **{"finally": [check]})
    assert outcomes(run) == {"probe": "error", "assert": "passed"}


def test_when_decides_at_the_time_the_step_is_reached(play: Play) -> None:
    entries = [
        probe(value=3) | {"save_as": "found"},
        probe() | {"when": "found > 2", "id": "bare"},
        probe() | {"when": "{{ found > 5 }}", "id": "braced"},
        probe() | {"when": False, "id": "never"},
    ]
    done, run = play(entries)
    done.check()
    assert outcomes(run) == {
        "probe": "passed", "bare": "passed", "braced": "skipped", "never": "skipped"
    }  # fmt: skip


def test_a_text_decides_as_the_scalar_that_is_written_in_it(play: Play) -> None:
    entries = [
        probe(value={"no": "false", "go": "true", "odd": "no"}) | {"save_as": "answer"},
        probe() | {"when": "answer.no", "id": "no"},
        probe() | {"when": "not answer.no and answer.go", "id": "go"},
        probe() | {"repeat": {"times": 3, "until": "answer.go"}, "id": "until"},
        probe() | {"when": "answer.odd", "id": "odd"},
    ]
    done, run = play(entries)
    assert outcomes(run) == {
        "probe": "passed", "no": "skipped", "go": "passed", "until[0]": "passed", "odd": "error",
    }  # fmt: skip
    assert (
        "'no' is text, which as a condition is neither true nor false"
        in steps(run)["odd"]["message"]
    )
    assert done.code == 3


def test_for_each_runs_once_for_each_item_and_collects_the_values(play: Play) -> None:
    entries = [
        probe(value="{{ item * 2 }}") | {"for_each": [1, 2, 3], "id": "double", "save_as": "all"},
        {"assert": [{"equal": {"actual": "{{ all }}", "expected": [2, 4, 6]}}]},
        probe() | {"for_each": "{{ studies }}", "id": "per_study"},
        probe() | {"for_each": [], "id": "none"},
    ]
    done, run = play(entries)
    done.check()
    assert outcomes(run) == {
        "double[0]": "passed", "double[1]": "passed", "double[2]": "passed", "assert": "passed",
        "per_study[0]": "passed", "none": "skipped",
    }  # fmt: skip


def test_retry_hides_no_attempt(play: Play, tmp_path: Path) -> None:
    note = str(tmp_path / "note")
    entries = [probe("error", note=note, passes_at=3) | {"retry": {"attempts": 5, "delay": "10ms"}}]
    done, run = play(entries)
    done.check()
    step = steps(run)["probe"]
    assert step["attempts"] == 3
    assert [attempt["outcome"] for attempt in step["attempt_list"]] == ["error", "error", "passed"]


def test_retry_leaves_alone_what_it_is_not_for(play: Play, tmp_path: Path) -> None:
    note = str(tmp_path / "note")
    entries = [probe("failed", note=note) | {"retry": {"attempts": 5, "on": ["error"]}}]
    _, run = play(entries)
    assert steps(run)["probe"]["attempts"] == 1


def test_a_step_that_takes_too_long_has_failed(play: Play) -> None:
    done, run = play([probe(takes="30s") | {"timeout": "200ms"}])
    assert done.code == 1
    step = steps(run)["probe"]
    assert step["outcome"] == "failed"
    assert "longer than its timeout of 0.2 s" in step["message"]
    assert step["duration_s"] < 5


def test_must_ends_the_list_of_checks(play: Play) -> None:
    checks = [
        {"always": {"holds": True}},
        {"always": {"holds": False}, "must": True},
        {"always": {"holds": True}},
    ]
    _, run = play([{"assert": checks}, probe()])
    step = steps(run)["assert"]
    assert [check["outcome"] for check in step["checks"]] == ["passed", "failed", "skipped"]
    assert outcomes(run)["probe"] == "skipped"


def test_all_checks_are_evaluated_also_when_one_cannot_be_rendered(play: Play) -> None:
    checks = [
        {"equal": {"actual": "{{ found[0].StudyDate }}", "expected": "x"}},
        {"always": {"holds": True}},
    ]
    done, run = play([probe(value=[]) | {"save_as": "found"}, {"assert": checks}])
    assert done.code == 1
    first, second = steps(run)["assert"]["checks"]
    assert (first["outcome"], second["outcome"]) == ("failed", "passed")
    assert "the list is empty" in first["message"]


def test_from_begins_at_the_named_step(play: Play) -> None:
    entries = [probe("failed"), probe() | {"id": "here"}, probe()]
    done, run = play(entries, "--from", "here")
    done.check()
    assert outcomes(run) == {"probe": "skipped", "here": "passed", "probe-2": "passed"}


def test_a_matrix_makes_cases_with_names_that_stay(play: Play) -> None:
    matrix = {"size": [1, 2, 3], "exclude": [{"size": 2}]}
    done, run = play([probe(value="{{ matrix.size }}")], matrix=matrix)
    done.check()
    assert [case["id"] for case in run["cases"]] == ["played[size=1]", "played[size=3]"]


def test_fail_fast_starts_no_further_case(play: Play) -> None:
    entries = [{"assert": [{"equal": {"actual": "{{ matrix.n }}", "expected": 1}}]}]
    _, run = play(entries, "--fail-fast", matrix={"n": [1, 2, 3]})
    assert [case["outcome"] for case in run["cases"]] == ["passed", "failed", "skipped"]


def test_workers_run_cases_side_by_side_and_lose_none(play: Play) -> None:
    entries = [
        probe(takes="500ms"),
        {"send": {"to": "pacs"}},
        {"assert": [{"stored": {"on": "pacs"}}]},
    ]
    done, run = play(entries, "--workers", "4", matrix={"n": [1, 2, 3, 4]})
    done.check()
    assert [case["outcome"] for case in run["cases"]] == ["passed"] * 4
    accessions = {case["patients"][0]["studies"][0]["accession"] for case in run["cases"]}
    assert len(accessions) == 4


def test_requirements_are_traced_to_what_proves_them(play: Play) -> None:
    entries = [
        probe() | {"requirements": ["R-1"]},
        {"assert": [{"always": {"holds": False}, "requirements": ["R-2"]}]},
    ]
    _, run = play(entries, requirements=["R-0"])
    found = {one["id"]: one["outcome"] for one in run["requirements"]}
    assert found == {"R-0": "failed", "R-1": "passed", "R-2": "failed"}


def test_a_case_in_which_nothing_ran_has_proved_nothing(play: Play) -> None:
    done, run = play([probe() | {"when": False, "requirements": ["R-1"]}], requirements=["R-0"])
    done.check(5)
    assert (run["outcome"], run["cases"][0]["outcome"]) == ("error", "skipped")
    assert {one["id"]: one["outcome"] for one in run["requirements"]} == {
        "R-0": "skipped", "R-1": "skipped"
    }  # fmt: skip


def test_a_requirement_of_a_check_that_was_never_evaluated_stays_in_the_evidence(
    play: Play,
) -> None:
    checks = {"assert": [{"always": {"holds": True}, "requirements": ["R-1"]}]}
    _, run = play([probe("failed"), checks])
    assert {one["id"]: one["outcome"] for one in run["requirements"]} == {"R-1": "skipped"}


def test_a_title_shows_the_item_it_is_about(play: Play) -> None:
    _, run = play([probe() | {"for_each": ["a", "b"], "title": "Look at {{ item }}"}])
    assert [step["title"] for step in run["cases"][0]["steps"]] == ["Look at a", "Look at b"]
