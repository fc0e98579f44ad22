"""Libraries that need libraries: versions that go together, or both chains of what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.scenario import read_scenario
from scenario_runner.libraries.finding import Libraries
from scenario_runner.plugins import Plugins
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate


def put(work: Path, name: str, version: str, **needs: str) -> None:
    head = library(name, version, requires={"libraries": needs})
    below = [{"use": {"steps": f"{other}/look"}} for other in needs]
    steps = [{"log": {"message": f"{name} {version}"}}, *below]
    write(
        work / "libs" / f"{name}-{version}",
        {"library.yaml": head, "steps/look.yaml": step_list("look", steps)},
    )


def said(work: Path, *uses: str) -> list[Any]:
    write(work, {"s.yaml": scenario(*({"use": {"steps": one}} for one in uses))})
    found = read_scenario(work / "s.yaml", Plugins(outside=False), lists=Libraries())
    return [one.parameters["message"] for one in found.steps]


def test_an_older_version_is_taken_where_the_newest_does_not_go_with_the_rest(
    tmp_path: Path,
) -> None:
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        put(tmp_path, "base", version)
    put(tmp_path, "chest", "1.0.0", base="^1")
    put(tmp_path, "head", "1.0.0", base=">=1")
    put(tmp_path, "head", "1.1.0", base="^2")
    assert said(tmp_path, "chest/look", "head/look@^1") == [
        "chest 1.0.0", "base 1.1.0", "head 1.0.0", "base 1.1.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("use", "told"),
    [("base/look", "released"), ("base/look@>=1", "in >=1"), ("base/look@^1.1", "in ^1.1")],
)
def test_a_pre_release_that_nobody_named_is_told_with_how_to_name_it(
    tmp_path: Path, use: str, told: str
) -> None:
    put(tmp_path, "base", "1.1.0-rc.1")
    with pytest.raises(InvalidInput) as caught:
        said(tmp_path, use)
    (one,) = caught.value.diagnostics
    assert (one.code, one.message) == ("FAB603", f"no version of 'base' is {told}")
    assert one.hint == "there is: 1.1.0-rc.1; a pre-release is taken where it is named: @1.1.0-rc.1"
    assert said(tmp_path, "base/look@1.1.0-rc.1") == ["base 1.1.0-rc.1"]


def test_validate_tells_what_a_library_needs_and_is_not_there(tmp_path: Path) -> None:
    put(tmp_path, "base", "1.0.0")
    put(tmp_path, "chest", "1.0.0", base="^1")
    for where in (tmp_path, tmp_path / "libs", tmp_path / "libs" / "chest-1.0.0"):
        fabricate("validate", tmp_path / "libs", cwd=where).check()
        fabricate("validate", tmp_path / "libs" / "chest-1.0.0", cwd=where).check()
    head = "schema: library/v1\nname: alone\nversion: 1.0.0\nrequires:\n  fabricate: '>=99'\n"
    write(
        tmp_path / "libs" / "alone",
        {"library.yaml": f"{head}  libraries:\n    bass: ^1\n    base: ^2\n    chest: ^1\n"},
    )
    done = fabricate("validate", tmp_path / "libs", "--format", "json", cwd=tmp_path).check(3)
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [(one["line"], one["code"]) for one in found] == [
        (5, "FAB612"), (7, "FAB601"), (8, "FAB603"),
    ]  # fmt: skip


def test_a_conflict_names_both_chains(tmp_path: Path) -> None:
    put(tmp_path, "base", "1.0.0")
    put(tmp_path, "base", "2.0.0")
    put(tmp_path, "middle", "1.0.0", base="^1")
    put(tmp_path, "chest", "1.0.0", middle="^1")
    put(tmp_path, "head", "1.0.0", base="^2")
    with pytest.raises(InvalidInput) as caught:
        said(tmp_path, "chest/look", "head/look")
    (one,) = caught.value.diagnostics
    assert one.code == "FAB611"
    assert "chest 1.0.0 → middle 1.0.0 → base ^1" in one.message
    assert "head 1.0.0 → base ^2" in one.message
