"""`defaults`: what goes for all steps, and the parameters of all steps of a kind."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.running import fabricate, record, steps

SCENARIO = """
    schema: scenario/v1
    name: usual
    vars: {way: c-move}
    defaults:
      timeout: 2m
      retrieve: {via: "{{ vars.way }}", save_files: 1}
      query: {return: [InstitutionName]}
    patients: [{studies: [{series: [{modality: CT, images: 1, size: [64, 64]}]}]}]
    steps:
      - send: {to: pacs}
      - {retrieve: {from: pacs}, save_as: one}
      - {retrieve: {from: pacs, via: c-get}, save_as: other}
      - parallel:
          - {query: {on: pacs, level: study}, save_as: found}
          - {query: {on: pacs, level: study, return: []}, save_as: bare}
      - assert:
          - equal: {actual: "{{ found[0].InstitutionName }}", expected: "{{ studies[0].institution }}"}
          - equal: {actual: "{{ bare[0].InstitutionName is defined }}", expected: false}
"""
MOVE, GET = "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3"
TEXT = textwrap.dedent(SCENARIO).lstrip()


def test_a_kind_of_step_has_what_defaults_say_of_it_unless_it_says_otherwise(
    tmp_path: Path,
) -> None:
    text = TEXT
    scenario = tmp_path / "usual.yaml"
    scenario.write_text(text, encoding="utf-8")
    wrong = fabricate("validate", scenario, "--format", "json").check(3).out
    assert [json.loads(one)["message"] for one in wrong.splitlines()] == [
        "unknown key 'save_files'"
    ]
    scenario.write_text(text.replace(", save_files: 1", ""), encoding="utf-8")
    fabricate("run", scenario, "--out", tmp_path / "run", "--registry", ":memory:").check()
    found = steps(record(tmp_path / "run"))
    assert found["assert"]["outcome"] == "passed"
    contexts = [
        found[name]["facts"]["association"]["contexts"] for name in ("retrieve", "retrieve-2")
    ]
    assert [each[0]["abstract_syntax"] for each in contexts] == [MOVE, GET]


def test_a_wrong_default_is_told_once_where_it_stands(tmp_path: Path) -> None:
    text = TEXT.replace(", save_files: 1", "").replace("InstitutionName]}", "InstitutionNam]}")
    text = text.replace("timeout: 2m", "send: {to: pacs}").replace("vars.way", "vars.ways")
    scenario = tmp_path / "usual.yaml"
    scenario.write_text(text, encoding="utf-8")
    told = fabricate("validate", scenario, "--format", "json").check(3).out.splitlines()
    found = [(one["line"], one["code"]) for one in map(json.loads, told)]
    assert found == [(5, "FAB104"), (6, "FAB204"), (7, "FAB117")]


def test_timeout_and_retries_of_all_steps_are_what_each_case_makes_of_them(tmp_path: Path) -> None:
    text = """schema: scenario/v1
name: usual
vars: {limit: 1m}
matrix: {times: [1, 2], slow: [1m]}
defaults: {timeout: "{{ matrix.slow }}", retry: {attempts: "{{ matrix.times }}", delay: 1ms}}
finally:
  - assert: [equal: {actual: 1, expected: 2}]
    title: again
  - assert: [equal: {actual: 1, expected: 2}]
    id: once
    retry:
    timeout: "{{ vars.limit }}"
"""
    scenario = tmp_path / "usual.yaml"
    scenario.write_text(text, encoding="utf-8")
    fabricate("run", scenario, "--out", tmp_path / "run", "--registry", ":memory:").check(1)
    tries = [
        [(one["id"], one["attempts"]) for one in case["steps"]]
        for case in record(tmp_path / "run")["cases"]
    ]
    assert tries == [[("assert", 1), ("once", 1)], [("assert", 2), ("once", 1)]]
    wrong = text.replace("slow: [1m]", "slow: [1m, soon]").replace("matrix.times", "matrix.tims")
    scenario.write_text(wrong.replace("vars.limit", "vars.limt"), encoding="utf-8")
    told = fabricate("validate", scenario, "--format", "json").check(3).out.splitlines()
    found = [(one["line"], one["column"], one["code"]) for one in map(json.loads, told)]
    assert found == [(5, 71, "FAB204"), (12, 23, "FAB204")]
    scenario.write_text(text.replace("slow: [1m]", "slow: [1m, soon]"), encoding="utf-8")
    (one,) = fabricate("validate", scenario, "--format", "json").check(3).out.splitlines()
    assert (json.loads(one)["line"], json.loads(one)["code"]) == (5, "FAB106")


def test_who_uses_a_site_file_is_told_what_it_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "north.yaml").write_text(
        "schema: site/v1\nname: north\nlibraries: [gone]\ntargets: {pacs: {embedded: {}}}\n",
        "utf-8",
    )
    scenario = tmp_path / "usual.yaml"
    scenario.write_text(TEXT.replace(", save_files: 1", ""), encoding="utf-8")
    site = ("--site", "north.yaml")
    told = fabricate("validate", "usual.yaml", *site, cwd=tmp_path).check().out
    assert "north.yaml:3:13: warning FAB908" in told
    both = fabricate("validate", "usual.yaml", "north.yaml", *site, cwd=tmp_path).check().out
    assert both.count("FAB908") == 1
    options = ("--out", "run", "--registry", ":memory:")
    done = fabricate("run", "usual.yaml", *site, *options, cwd=tmp_path).check()
    assert "north.yaml:3:13: FAB908: there is no folder 'gone' on this machine" in done.err
    assert any("FAB908" in one for one in record(tmp_path / "run")["remarks"])
