"""``--set matrix.AXIS=VALUE`` runs only those combinations, and says so when there are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.running import fabricate, record, write_scenario

MATRIX: dict[str, Any] = {
    "syntax": ["explicit-le", "rle"],
    "bits": ["8", 12],
    "include": [{"syntax": "deflated", "bits": 16, "extra": True}],
}
STEPS = [{"log": {"message": "{{ matrix.syntax }} {{ matrix.bits }}"}}]


def planned(scenario: Path, *assignments: str) -> list[tuple[Any, Any]]:
    """The combinations that a plan has."""
    arguments = [part for one in assignments for part in ("--set", one)]
    printed = fabricate("plan", scenario, *arguments, "--format", "json", "--seed", "1").check().out
    cases = json.loads(printed)["cases"]
    return [(case["matrix"]["syntax"], case["matrix"]["bits"]) for case in cases]


@pytest.mark.parametrize(
    ("assignments", "combinations"),
    [
        (["matrix.syntax=rle"], [("rle", "8"), ("rle", 12)]),
        (
            ["matrix.syntax=[rle, deflated]", "matrix.bits=[12, 16]"],
            [("rle", 12), ("deflated", 16)],
        ),
        (["matrix.bits=8"], [("explicit-le", "8"), ("rle", "8")]),
        (["matrix.extra=true"], [("deflated", 16)]),
    ],
)
def test_only_what_was_named_is_planned(
    tmp_path: Path, assignments: list[str], combinations: list[Any]
) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    assert planned(scenario, *assignments) == combinations


def test_a_case_alone_has_the_people_that_it_has_among_others(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    plans = [
        json.loads(
            fabricate("plan", scenario, "--format", "json", "--seed", "1", *more).check().out
        )
        for more in ([], ["--set", "matrix.syntax=deflated"])
    ]
    people = [plan["cases"][-1]["patients"][0] for plan in plans]
    assert people[0]["name"] == people[1]["name"]
    assert people[0]["birth_date"] == people[1]["birth_date"]


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("matrix.syntax=rlee", "did you mean 'rle'?"),
        ("matrix.syntax=[rle, jpeg-ls]", "matrix.syntax=jpeg-ls: no combination has this value"),
        ("matrix.syntx=rle", "did you mean 'syntax'?"),
    ],
)
@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_what_selects_nothing_is_told_before_anything_is_done(
    tmp_path: Path, command: str, assignment: str, words: str
) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    done = fabricate(command, scenario, "--set", assignment, cwd=tmp_path).check(5)
    assert words in done.err
    assert not (tmp_path / "runs").exists()


def test_values_that_never_stand_together_select_nothing(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    assignments = ["--set", "matrix.syntax=deflated", "--set", "matrix.bits=12"]
    done = fabricate("plan", scenario, *assignments).check(5)
    assert "no combination of the matrix has syntax deflated, bits 12" in done.err


def test_of_several_scenarios_those_without_the_axis_run_as_they_are(tmp_path: Path) -> None:
    write_scenario(tmp_path / "with.yaml", STEPS, matrix=MATRIX)
    write_scenario(tmp_path / "without.yaml", [{"log": {"message": "here"}}])
    out = tmp_path / "run"
    arguments = ["--set", "matrix.syntax=rle", "--set", "matrix.bits=12"]
    fabricate("run", tmp_path, *arguments, "--registry", ":memory:", "--out", out).check()
    assert [case["name"] for case in record(out)["cases"]] == ["with", "without"]


def test_a_rerun_repeats_what_was_chosen_and_no_more(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    out, again = tmp_path / "run", tmp_path / "again"
    arguments = ["--set", "matrix.bits=[12, 16]", "--registry", ":memory:"]
    fabricate("run", scenario, *arguments, "--out", out).check()
    fabricate("rerun", out, "--out", again).check()
    ids = [case["id"] for case in record(again)["cases"]]
    assert ids == [case["id"] for case in record(out)["cases"]]
    assert len(ids) == 3


@pytest.mark.parametrize("assignment", ["matrix.syntax=[", "matrix.syntax=[]", "matrix.=rle"])
def test_what_is_no_list_of_values_is_wrong_usage(tmp_path: Path, assignment: str) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    assert "--set" in fabricate("plan", scenario, "--set", assignment).check(2).err


def test_title_and_description_are_those_of_the_case(tmp_path: Path) -> None:
    head = 'title: "{{ matrix.side }} of {{ vars.part }}"\ndescription: "{{ row.id }}"\nrows: rows.csv\n'
    body = "vars: {part: hand}\nmatrix: {side: [left, right]}\nsteps: [assert: [in: {actual: 1, expected: [1]}]]\n"
    (tmp_path / "rows.csv").write_text("id\nX1\n")
    (tmp_path / "s.yaml").write_text(f"schema: scenario/v1\nname: s\n{head}{body}")
    fabricate("run", "s.yaml", "--out", "out", cwd=tmp_path).check()
    told = [one["scenario"] for one in record(tmp_path / "out")["cases"]]
    assert [one["title"] for one in told] == ["left of hand", "right of hand"]
    assert [one["description"] for one in told] == ["X1", "X1"]
    (tmp_path / "s.yaml").write_text(f"schema: scenario/v1\nname: s\n{head}steps: []\n")
    found = fabricate("validate", "s.yaml", cwd=tmp_path).check(3).out
    assert "s.yaml:3:19: error FAB204: there is no 'side' in matrix" in found


def test_an_axis_that_is_written_as_a_variable_is_told_how_it_is_named(tmp_path: Path) -> None:
    scenario = write_scenario(tmp_path / "s.yaml", STEPS, matrix=MATRIX)
    told = fabricate("plan", scenario, "--set", "syntax=rle").check(2).err
    assert "'syntax' is an axis of a matrix: write matrix.syntax=VALUE" in told
