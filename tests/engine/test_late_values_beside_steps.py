"""`timeout`, `retry` and `repeat` with templates: what a case decides, or an earlier step, is known when the step begins."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.running import fabricate, record

SCENARIO = """
    schema: scenario/v1
    name: late
    matrix: {most: [1, 2]}
    vars: {most: "{{ matrix.most }}", patience: 1h, unused_by_them: "{{ run.seed }}{{ matrix.most }}"}
    steps:
      - {id: quick, log: {message: "{{ vars.unused_by_them }}"}, timeout: "{{ vars.patience }}"}
      - {log: {message: x}, repeat: {times: "{{ matrix.most }}"}, timeout: "{{ vars.most * 60 }}s", save_as: logs}
      - id: again
        assert: [{equal: {actual: 1, expected: 2}}]
        retry: {attempts: "{{ vars.most + 1 }}"}
        fails: expected 2
      - {log: {message: y}, repeat: "{{ logs | length + 1 }}", save_as: more}
      - assert:
          - count: {actual: "{{ more }}", expected: "{{ matrix.most + 1 }}"}
          - duration: {of: quick, max: 1h}
"""


def validated(path: Path, *changes: tuple[str, str]) -> list[tuple[int, str]]:
    text = textwrap.dedent(SCENARIO).lstrip()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    told = fabricate("validate", path, "--format", "json").out.splitlines()
    return [(one["line"], one["code"]) for one in map(json.loads, told)]


def test_they_are_what_the_case_and_the_steps_before_make_of_them(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    assert validated(path) == []
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check()
    cases = record(tmp_path / "run")["cases"]
    ids = [[step["id"] for step in case["steps"]] for case in cases]
    assert [each.count("log[1]") for each in ids] == [0, 1]
    assert [each.count("log-2[2]") for each in ids] == [0, 1]


def test_one_that_cannot_be_is_told_before_the_run_and_nothing_else_is(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    assert validated(path, ("vars.patience }}", "vars.most }}x")) == [(6, "FAB106"), (6, "FAB106")]
    assert validated(path, ("vars.most + 1", "vars.most - 1")) == [(10, "FAB107")]
    assert validated(path, ('"{{ vars.patience }}"', "soon")) == [(6, "FAB106")]
    assert validated(path, ('times: "{{ matrix.most', 'times: "{{ matrix.mast')) == [(7, "FAB204")]


def test_any_step_may_have_them(tmp_path: Path) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(
        "schema: scenario/v1\nname: any\nvars: {times: 2, patience: 1m, attempts: 2}\n"
        "patients: [{studies: [{series: [{modality: CT, images: 1, size: [16, 16]}]}]}]\n"
        "steps:\n"
        '  - {send: {to: pacs}, repeat: "{{ vars.times }}"}\n'
        '  - {send: {to: pacs}, timeout: "{{ vars.patience }}", save_as: sent}\n'
        '  - {retrieve: {from: pacs, via: c-get}, retry: {attempts: "{{ vars.attempts }}"}, save_as: back}\n'
        "  - assert: [{until_visible: {of: sent, p95: 60s}}, {tags: {of: back, equal: sent}}]\n"
    )
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check()


def test_a_step_without_items_saves_an_empty_list(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(
        "schema: scenario/v1\nname: none\nsteps:\n"
        "  - {query: {on: pacs, level: study}, save_as: found}\n"
        '  - {log: {message: "{{ item }}"}, for_each: "{{ found }}", save_as: told}\n'
        '  - assert: [{count: {actual: "{{ told }}", expected: 0}}]\n'
    )
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check()


def test_a_list_may_take_its_timeout_from_a_parameter(tmp_path: Path) -> None:
    folder = tmp_path / "libs" / "radiology"
    (folder / "steps").mkdir(parents=True)
    (folder / "library.yaml").write_text("schema: library/v1\nname: radiology\nversion: 1.0.0\n")
    (folder / "steps" / "ping.yaml").write_text(
        "schema: steps/v1\nname: ping\nparameters: {patience: {type: duration, default: 9s}}\n"
        'steps:\n  - {echo: {to: pacs}, timeout: "{{ params.patience }}"}\n'
    )
    fabricate("validate", folder).check()
    fabricate("library", "pack", folder, cwd=tmp_path).check()
