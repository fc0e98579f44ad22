"""What ``--set`` reaches: a variable, or a value within one, typed as the scenario has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.app.assignments import assigned
from scenario_runner.errors import UsageError
from scenario_runner.language.overriding import overridden
from tests.running import fabricate, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

VARS = {"images": 1, "name": "x", "deep": {"a": 1, "b": [1, {"c": 2}]}, "flag": False}


def put(*given: str) -> dict[str, Any]:
    pairs = [one.partition("=")[::2] for one in given]
    return overridden(VARS, {name: assigned(name, text) for name, text in pairs})


def test_values_have_the_types_of_the_language() -> None:
    assert put("images=5", "flag=true", "name=0123") == {"images": 5, "flag": True, "name": "0123"}
    assert put("vars.images=5", "name='5'") == {"images": 5, "name": "5"}


def test_a_value_within_a_variable_is_set_and_the_rest_stays() -> None:
    assert put("deep.a=7", "deep.b.1.c=8", "vars.deep.b.0=9") == {
        "deep": {"a": 7, "b": [9, {"c": 8}]}
    }
    assert VARS["deep"] == {"a": 1, "b": [1, {"c": 2}]}


def test_lists_and_mappings_are_read_where_one_is_declared() -> None:
    assert put("deep={a: 0930, b: []}", "name=[a]") == {
        "deep": {"a": "0930", "b": []},
        "name": "[a]",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("deep.c=1", "no 'c' in it"),
        ("deep.b.2=1", "no '2' in it"),
        ("name.x=1", "no 'x' in it"),
        ("dep.a=1", "did you mean 'deep'?"),
        ("deep={a: ", "cannot be read"),
        ("deep..a=1", "is not NAME=VALUE"),
    ],
)
def test_what_is_not_there_is_told(given: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        put(given)


def test_a_run_and_its_repetition_have_what_was_set(tmp_path: Path) -> None:
    check = {"equal": {"actual": "{{ vars.deep.b }}", "expected": [1, 9]}}
    file = write_scenario(tmp_path / "s.yaml", [{"assert": [check]}], vars={"deep": {"b": [1, 2]}})
    run = ("run", file, "--registry", ":memory:", "--out", tmp_path / "run")
    fabricate(*run, "--set", "deep.b.1=9").check()
    fabricate("rerun", tmp_path / "run", "--out", tmp_path / "again").check()
    assert "no scenario declares" in fabricate("plan", file, "--set", "dep.b=1").check(2).err
