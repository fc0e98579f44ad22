"""Step lists of libraries in scenarios: found, given values, run, and kept for a rerun."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.errors import InvalidInput
from scenario_runner.language.scenario import Scenario, read_scenario
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.places import Places
from scenario_runner.plugins import Plugins
from tests.libraries.trees import library, scenario, step_list, write
from tests.running import fabricate, record

EXAMPLES = Path(__file__).parents[1] / "examples" / "valid"


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return Plugins(outside=False)


def read(folder: Path, plugins: Plugins, *folders: Path) -> Scenario:
    return read_scenario(folder / "s.yaml", plugins, lists=Libraries(Places(folders)))


def use(reference: str, **given: Any) -> dict[str, Any]:
    return {"use": {"steps": reference, "with": given}} if given else {"use": {"steps": reference}}


LOG = [{"log": {"message": "{{ params.text }}"}}]


def test_a_used_list_runs_and_a_rerun_needs_nothing_but_the_run(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "libs", tmp_path / "libs")
    shutil.copy(EXAMPLES / "a_step_list.yaml", tmp_path)
    fabricate("run", "a_step_list.yaml", "--out", "first", cwd=tmp_path).check()
    run = record(tmp_path / "first")
    assert [step["id"] for step in run["cases"][0]["steps"]] == [
        "stored.send", "stored.wait", "stored.again.find", "stored.again.assert",
        "use-2[0].find", "use-2[0].assert", "use-2[1].find", "use-2[1].assert", "assert",
    ]  # fmt: skip
    assert run["sources"] == ["a_step_list.yaml", "radiology 1.2.0 (libs/radiology)"]
    shutil.rmtree(tmp_path / "libs")
    (tmp_path / "a_step_list.yaml").unlink()
    fabricate("rerun", "first", "--out", "second", cwd=tmp_path).check()
    again = record(tmp_path / "second")
    assert [one["outcome"] for one in again["cases"][0]["steps"]] == ["passed"] * 9
    fabricate("rerun", "second", "--out", "third", cwd=tmp_path).check()


def test_a_case_for_each_row_and_a_rerun_without_the_table(tmp_path: Path) -> None:
    for name in ("rows.yaml", "people.csv"):
        shutil.copy(EXAMPLES / name, tmp_path)
    fabricate("run", "rows.yaml", "--out", "first", cwd=tmp_path).check()
    (tmp_path / "people.csv").unlink()
    fabricate("rerun", "first", "--out", "second", cwd=tmp_path).check()
    for name in ("first", "second"):
        cases = record(tmp_path / name)["cases"]
        assert [(one["id"], one["patients"][0]["id"]) for one in cases] == [
            ("rows[row=PID0012,size=64]", "PID0012"), ("rows[row=PID0012,size=32]", "PID0012"),
            ("rows[row=0034,size=64]", "0034"), ("rows[row=0034,size=32]", "0034"),
        ]  # fmt: skip
        assert cases[0]["steps"][0]["message"] == 'a; "quoted" one PID0012 64'


def test_the_newest_version_in_the_range_is_taken_wherever_it_lies(
    tmp_path: Path, plugins: Plugins
) -> None:
    texts = {"1.2.0": "old", "1.10.0": "new", "2.0.0": "next", "1.11.0-rc.1": "not yet"}
    for version, text in texts.items():
        place = "libs" if version == "1.2.0" else "elsewhere"
        write(
            tmp_path / place / f"l-{version}",
            {"library.yaml": library("l", version), "steps/say.yaml": step_list("say", [{"log": {"message": text}}])},
        )  # fmt: skip
    for asked, said in (
        ("^1.2", "new"),
        ("~1.2", "old"),
        (">=1", "next"),
        ("^1.11.0-rc.0", "not yet"),
    ):
        write(tmp_path, {"s.yaml": scenario(use(f"l/say@{asked}"))})
        steps = read(tmp_path, plugins, tmp_path / "elsewhere").steps
        assert steps[0].parameters == {"message": said}


def test_a_use_is_repeated_as_often_as_it_says(tmp_path: Path, plugins: Plugins) -> None:
    says = step_list("say", [{"log": {"message": "{{ turn }}"}}])
    write(tmp_path / "libs" / "l", {"library.yaml": library("l"), "steps/say.yaml": says})
    write(tmp_path, {"s.yaml": scenario({**use("l/say"), "repeat": 2})})
    steps = read(tmp_path, plugins).steps
    assert [step.id for step in steps] == ["use[0].log", "use[1].log"]
    assert [step.use and step.use.extra for step in steps] == [{"turn": 1}, {"turn": 2}]
    write(tmp_path, {"s.yaml": scenario({**use("l/say"), "repeat": {"times": 2, "until": "x"}})})
    with pytest.raises(InvalidInput, match="turns of a repeated 'use'"):
        read(tmp_path, plugins)


def test_values_keep_their_types_and_text_its_characters(tmp_path: Path, plugins: Plugins) -> None:
    kinds = {
        "text": {"type": "text"}, "many": {"type": "integer", "default": 3},
        "flags": {"type": "list", "default": [1, "a"]},
    }  # fmt: skip
    given = ["{{ params.text }}", "{{ params.many }}", "{{ params.flags }}"]
    steps = [{"assert": [{"equal": {"actual": given, "expected": []}}]}]
    write(
        tmp_path,
        {
            "libs/l/library.yaml": library("l"), "libs/l/steps/say.yaml": step_list("say", steps, **kinds),
            "s.yaml": "schema: scenario/v1\nname: s\nsteps: [{use: {steps: l/say, with: {text: 1.10}}}]\n",
        },
    )  # fmt: skip
    check = read(tmp_path, plugins).steps[0].parameters[0]
    assert check["equal"]["actual"] == ["1.10", 3, [1, "a"]]


def test_a_value_that_only_the_run_knows_is_checked_then(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "libs/l/library.yaml": library("l"),
            "libs/l/steps/say.yaml": step_list("say", [{"log": {"message": "is {{ params.n + 1 }}"}}], n={"type": "integer"}),
            "s.yaml": scenario(use("l/say", n="{{ images | length }}"), use("l/say", n="{{ run.id }}")),
        },
    )  # fmt: skip
    done = fabricate("run", "s.yaml", "--out", "out", cwd=tmp_path).check(3)
    first, second = record(tmp_path / "out")["cases"][0]["steps"]
    assert (first["outcome"], first["message"]) == ("passed", "is 2")
    assert second["outcome"] == "error"
    assert "'n' must be a whole number" in second["message"], done.err


def test_a_library_that_is_broken_is_told_where_it_is_broken(
    tmp_path: Path, plugins: Plugins
) -> None:
    write(
        tmp_path,
        {"libs/l/library.yaml": "schema: library/v1\nname: l\n", "s.yaml": scenario(use("l/say"))},
    )
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, plugins)
    told = {(one.code, Path(one.where.file).name) for one in caught.value.diagnostics}
    assert told == {("FAB103", "library.yaml"), ("FAB601", "s.yaml")}


def test_many_lists_that_use_many_are_refused_before_they_fill_the_memory(
    tmp_path: Path, plugins: Plugins
) -> None:
    files: dict[str, Any] = {"libs/l/library.yaml": library("l"), "s.yaml": scenario(use("l/a0"))}
    for depth in range(12):
        below = [use(f"a{depth + 1}")] * 10 if depth < 11 else [{"echo": {"to": "pacs"}}]
        files[f"libs/l/steps/a{depth}.yaml"] = step_list(f"a{depth}", below)
    write(tmp_path, files)
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, plugins)
    assert "spell out to more than" in str(caught.value)
