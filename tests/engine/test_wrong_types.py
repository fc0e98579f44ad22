"""A value of the wrong type is the scenario's fault, whoever notices it: exit 3, never the PACS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.running import fabricate, record

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """schema: scenario/v1
name: {name}
vars: {{n: 3, t: text, m: {{a: 1}}}}
patients: [{{studies: [{{series: [{{modality: CT, images: 1, size: [16, 16]}}]}}]}}]
steps:
  - log: {{message: "{{{{ vars.m }}}}"}}
    save_as: nothing
  - """
LATE = {
    "number": 'log: {message: a}\n    for_each: "{{ images | length }}"',
    "mapping": 'log: {message: a}\n    for_each: "{{ studies[0] }}"',
    "empty": 'log: {message: a}\n    for_each: "{{ nothing }}"',
    "text": 'log: {message: a}\n    for_each: "{{ studies[0].uid }}"',
    "when_index": 'log: {message: a}\n    when: "studies[images|length + 6].uid"',
    "when_order": "log: {message: a}\n    when: \"images|length < 'a'\"",
    "limit": 'query: {on: pacs, level: study, limit: "{{ images|length - 5 }}"}',
    "match": 'query: {on: pacs, level: study, match: "{{ images|length }}"}',
    "target": 'query: {on: "{{ images[0].uid }}", level: study}',
    "every": 'wait: {on: pacs, until: {stored: all}, every: "{{ patients[0].id }}", timeout: 1s}',
    "count": 'wait: {on: pacs, until: {query: {level: study}, count: "{{ patients[0].id }}"}}',
    "pause": 'pause: {for: "{{ images|length - 5 }}"}',
    "many": 'send: {to: pacs, associations: "{{ images|length - 1 }}"}',
    "what": 'send: {to: pacs, what: "{{ images|length }}"}',
    "of": 'mpps: {to: pacs, status: completed, of: "{{ images|length }}"}',
    "judge": 'validate: {with: ["{{ patients[0].id }}"]}',
}
"""Known only while it runs, for the plan or an earlier step decides it."""
EARLY = {
    "vars_number": ('log: {message: a}\n    for_each: "{{ vars.n }}"', "must be a list, not the number 3"),
    "vars_text": ('log: {message: a}\n    for_each: "{{ vars.t }}"', "must be a list, not 'text'"),
    "vars_mapping": ('log: {message: a}\n    for_each: "{{ vars.m }}"', "must be a list, not a mapping"),
    "literal": ("log: {message: a}\n    for_each: 5", "must be a list, not the number 5"),
    "attempts": ('log: {message: a}\n    retry: {attempts: "{{ vars.t }}"}', "must be a whole number"),
    "none": ('log: {message: a}\n    retry: {attempts: "{{ vars.n - 3 }}"}', "must be at least 1, not 0"),
    "index": ('log: {message: a}\n    when: "studies[7].uid"', "there is no element 7"),
    "timeout": ('log: {message: a}\n    timeout: "{{ vars.t }}"', "'text' is not a duration"),
}  # fmt: skip


def written(folder: Path, name: str, step: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(HEAD.format(name=name) + step + "\n", encoding="utf-8")
    return path


def test_what_turns_out_to_be_of_the_wrong_type_ends_with_3(tmp_path: Path) -> None:
    files = [written(tmp_path, name, step) for name, step in LATE.items()]
    done = fabricate("run", *files, "--out", tmp_path / "run", "--registry", ":memory:").check(3)
    cases = record(tmp_path / "run")["cases"]
    assert {case["name"]: case["outcome"] for case in cases} == dict.fromkeys(LATE, "error")
    assert "line 9: 'for_each' must be a list, not the number 1" in done.out
    assert "line 9: 'for_each' has no value; it takes a list" in done.out
    assert "there is no element 7" in done.out


def test_what_variables_decide_is_told_by_validate(tmp_path: Path) -> None:
    files = [written(tmp_path, name, step) for name, (step, _) in EARLY.items()]
    told = fabricate("validate", *files).check(3).out
    for name, (_, says) in EARLY.items():
        line = next(line for line in told.splitlines() if f"{name}.yaml:" in line)
        assert says in line
