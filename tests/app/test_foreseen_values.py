"""What a step gets from variables, axes, rows and items is judged before anything runs, as if it were written out."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from tests.running import fabricate

SITE = """
    schema: site/v1
    name: two
    targets: {pacs: {embedded: {}}, archive: {embedded: {}}}
"""
HEAD = """
    schema: scenario/v1
    name: example
    patients: [{studies: [{series: [{modality: CT, images: 1, size: [64, 64]}]}]}]
"""
LIBRARY = """
    schema: library/v1
    name: radiology
    version: 1.2.0
"""
LIST = """
    schema: steps/v1
    name: ask
    parameters:
      to: {type: target, default: pacs}
      level: {type: text, one_of: [study, series], default: study}
      many: {type: integer, default: 1}
      words: {type: text, default: ""}
    steps:
      - send: {to: "{{ params.to }}", associations: "{{ params.many * 100 }}"}
      - query: {on: "{{ params.to }}", level: "{{ params.level }}"}
      - log: {message: "{{ params.words }}"}
"""
WRONG = """
    vars: {level: studdy, many: abc, to: "{{ matrix.to }}x"}
    matrix: {to: [pacs, nix, elsewhere], only: [CT, nothing]}
    rows: people.csv
    skip: {when: "matrix.to == 'elsewhere'", reason: it is not here}
    steps:
      - generate: {only: {modality: CT}}
        save_as: CT
      - {send: {to: "{{ item }}"}, for_each: [pacs, archve]}
      - send: {to: "{{ matrix.to }}", what: "{{ matrix.only }}", associations: "{{ vars.many }}"}
      - query: {on: pacs, level: "{{ vars.level }}", return: ["{{ row.key }}"]}
      - {wait: {on: pacs, until: {stored: all}, every: "{{ row.every }}"}, for_each: "{{ row.key }}"}
      - use: {steps: radiology/ask@^1, with: {to: "{{ matrix.to }}", level: "{{ row.level }}", words: "{{ studies[0].uid }}"}}
      - parallel:
          - retrieve: {from: pacs, via: "{{ 'c-gett' if matrix.to == 'nix' else 'c-get' }}"}
      - assert:
          - stored: {on: "{{ vars.to }}"}
          - equal: {actual: "{{ studies[0].accession }}", expected: "{{ matrix.to }}"}
"""
RIGHT = """
    vars: {levels: [study, series], last: study}
    matrix: {to: [pacs, north], level: [study, image]}
    steps:
      - {send: {to: "{{ matrix.to }}"}, when: matrix.to != 'north'}
      - use: {steps: radiology/ask@^1, with: {to: pacs, level: "{{ matrix.level }}", many: "{{ images | length - 1 }}"}}
        when: matrix.level == 'study'
      - {query: {on: pacs, level: "{{ item }}"}, for_each: "{{ vars.levels }}"}
      - query: {on: pacs, level: "{{ vars.last }}"}
      - {query: {on: "{{ matrix.to }}", level: study}, when: "studies | length > 1"}
      - {query: {on: "{{ studies[0].description }}", level: study}, when: site.name == 'north'}
      - {send: {to: pacs, associations: "{{ turn }}"}, repeat: 2}
      - assert: [{equal: {actual: "{{ matrix.level }}", expected: "{{ matrix.level }}"}}]
"""


def validated(folder: Path, text: str, *more: str) -> list[dict[str, Any]]:
    """What validate finds in a scenario that is held against the site, in its order."""
    lib = folder / "libs" / "radiology"
    (lib / "steps").mkdir(parents=True)
    table = "id,key,level,every\\nA,StudyDate,study,1s\\nB,StudyDat,image,soon\\n"
    files = {
        folder / "site.yaml": SITE,
        lib / "library.yaml": LIBRARY,
        lib / "steps" / "ask.yaml": LIST,
        folder / "example.yaml": HEAD + text,
        folder / "people.csv": table.encode().decode("unicode_escape"),
    }
    for path, content in files.items():
        path.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")
    options = ("--site", "site.yaml", "--format", "json", *more)
    done = fabricate("validate", "example.yaml", *options, cwd=folder)
    assert "Traceback" not in done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_a_value_that_cannot_be_is_told_before_the_run_whichever_case_gives_it(
    tmp_path: Path,
) -> None:
    found = validated(tmp_path, WRONG)
    told = {(Path(one["file"]).name, one["code"], one["message"]) for one in found}
    assert told == {
        ("example.yaml", "FAB116", "the site has no target 'archve'; did you mean 'archive'?"),
        ("example.yaml", "FAB116", "the site has no target 'nix'"),
        ("example.yaml", "FAB119", "no earlier step saves the selection 'nothing'"),
        ("example.yaml", "FAB102", "'associations' must be a whole number, not 'abc'"),
        ("example.yaml", "FAB105", "'level' cannot be 'studdy'; did you mean 'study'?"),
        ("example.yaml", "FAB117", "there is no DICOM attribute 'StudyDat'; did you mean 'StudyDate'?"),
        ("example.yaml", "FAB102", "'for_each' must be a list, not 'StudyDate'"),
        ("example.yaml", "FAB102", "'for_each' must be a list, not 'StudyDat'"),
        ("example.yaml", "FAB608", "'level' cannot be 'image'"),
        ("example.yaml", "FAB105", "'via' cannot be 'c-gett'; did you mean 'c-get'?"),
        ("example.yaml", "FAB116", "the site has no target 'pacsx'; did you mean 'pacs'?"),
        ("example.yaml", "FAB116", "the site has no target 'nixx'"),
        ("ask.yaml", "FAB107", "'associations' must be at most 64, not 100"),
    }  # fmt: skip
    of_matrix = next(one for one in found if one["message"] == "the site has no target 'nix'")
    assert "in the case example[row=A,to=nix,only=CT]" in of_matrix["hint"]
    again = [(one["file"], one["line"], one["column"], one["message"]) for one in found]
    assert len(again) == len(set(again))


def test_what_will_not_run_or_is_known_later_is_no_mistake(tmp_path: Path) -> None:
    assert validated(tmp_path, RIGHT) == []


def test_expressions_that_steps_evaluate_themselves_may_be_of_any_type(tmp_path: Path) -> None:
    text = """
    vars: {n: 2}
    steps:
      - send: {to: pacs}
      - wait: {on: pacs, until: {expr: "{{ vars.n }}"}, fail_when: "{{ vars.n - 2 }}"}
      - wait: {on: pacs, until: {expr: "{{ vars.n }}"}, fail_when: {expr: "{{ vars.n - 2 }}"}}
      - {log: {message: x}, repeat: {times: "{{ vars.n }}", until: "{{ vars.n }}"}}
      - assert: [{stored: {on: pacs}}]
    """
    assert validated(tmp_path, text) == []


def test_values_from_the_command_line_are_judged_with_them(tmp_path: Path) -> None:
    [one] = validated(tmp_path, RIGHT, "--set", "last=serie")
    assert one["message"] == "'level' cannot be 'serie'; did you mean 'series'?"
    assert "from --set last" in one["hint"]
