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
"""
PATIENTS = """
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
NTH = """
    schema: steps/v1
    name: nth
    parameters: {n: {type: integer}}
    steps: [{log: {message: "{{ studies[params.n - 1].uid }} {{ images[params.n].uid }}"}}]
"""
LOOK = """
    schema: steps/v1
    name: look
    parameters: {most: {type: integer}}
    steps: [{query: {on: pacs, level: study, limit: "{{ params.most }}"}}]
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


PEOPLE = "id,key,level,every\\nA,StudyDate,study,1s\\nB,StudyDat,image,soon\\n"


def validated(folder: Path, text: str, *more: str, table: str = PEOPLE) -> list[dict[str, Any]]:
    """What validate finds in a scenario that is held against the site, in its order."""
    lib = folder / "libs" / "radiology"
    (lib / "steps").mkdir(parents=True)
    files = {
        folder / "site.yaml": SITE,
        lib / "library.yaml": LIBRARY,
        lib / "steps" / "ask.yaml": LIST,
        lib / "steps" / "look.yaml": LOOK,
        lib / "steps" / "nth.yaml": NTH,
        folder / "example.yaml": HEAD + ("" if "patients:" in text else PATIENTS) + text,
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


def test_what_is_wrong_in_a_value_of_a_template_is_shown_at_the_template(tmp_path: Path) -> None:
    text = """
    vars: {keys: {PatientID: 1, StudyUID: 1.2.3}, names: [StudyDate, StudyDat], part: {modalty: CT}}
    patients: [{studies: [{series: ["{{ vars.part }}"]}]}]
    steps:
      - query: {on: pacs, match: "{{ vars.keys }}", return: "{{ vars.names }}", level: study}
"""
    found = validated(tmp_path, text)
    assert [(one["code"], one["line"], one["column"], one["end_column"]) for one in found] == [
        ("FAB104", 5, 33, 50), ("FAB117", 7, 30, 47), ("FAB117", 7, 57, 75),
    ]  # fmt: skip


def test_a_pattern_that_is_none_is_told_beside_steps_and_checks_too(tmp_path: Path) -> None:
    text = """
    matrix: {why: [refused, "("]}
    steps:
      - {echo: {to: pacs}, fails: "{{ matrix.why }}"}
      - assert: [{equal: {actual: 1, expected: 2}, fails: "{{ matrix.why }}"}]
"""
    told = validated(tmp_path, text)
    assert [one["line"] for one in told] == [8, 9]
    for one in told:
        assert one["message"].startswith("this is no regular expression")
        assert "in the case example[why=(]" in one["hint"]


def test_text_where_a_number_has_to_be_is_told_in_our_words(tmp_path: Path) -> None:
    text = """
    vars: {share: half}
    steps: [{misbehave: {on: pacs, faults: [{lose: {share: "{{ vars.share }}"}}]}}]
"""
    told = [(one["code"], one["message"]) for one in validated(tmp_path, text)]
    assert ("FAB102", "'share' must be a number, not 'half'") in told


def test_what_will_not_run_or_is_known_later_is_no_mistake(tmp_path: Path) -> None:
    assert validated(tmp_path, RIGHT) == []


def test_a_cell_that_is_no_condition_is_told_before_the_run_wherever_it_is_one(
    tmp_path: Path,
) -> None:
    table = "id,go\\nA,true\\nB,false\\nC,No\\n"
    text = """
    rows: people.csv
    steps:
      - {echo: {to: pacs}, when: row.go}
      - {use: {steps: radiology/look@^1, with: {most: 1}}, when: not row.go}
      - assert: [{equal: {actual: a, expected: "{{ 'a' if row.go else 'b' }}"}}]
    """
    found = validated(tmp_path, text, table=table)
    words = "'No' is text, which as a condition is neither true nor false"
    assert {one["message"] for one in found} == {words}
    lines = (tmp_path / "example.yaml").read_text("utf-8").splitlines()
    assert [lines[one["line"] - 1].strip()[:7] for one in found] == [
        "- {echo",
        "- {use:",
        "- asser",
    ]
    assert all("in the case example[row=C]" in one["hint"] for one in found)
    (one,) = validated(
        tmp_path / "skip",
        """
    rows: people.csv
    skip: {when: row.go, reason: off}
    steps: [{echo: {to: pacs}}]
    """,
        table=table,
    )
    assert one["message"] == words


COUNTED = """
    matrix: {n: [0, 1]}
    patients: [{studies: [{count: 2, series: [{modality: CT, images: 1, size: [64, 64]}]}]}]
    steps:
      - log: {message: "{{ studies[2].uid }} {{ studies[matrix.n].series[matrix.n].uid }}"}
      - {echo: {to: pacs}, when: "patients[1].id != ''"}
      - {log: {message: "{{ studies[item].uid }}"}, for_each: [0, 1, 2]}
      - {log: {message: "{{ studies[5].uid }}"}, when: matrix.n > 1}
      - {log: {message: "{{ studies[5].uid }}"}, when: studies | length > 5}
      - wait: {on: pacs, until: {expr: "poll.attempt > 0 and images[0].uid"}, fail_when: "images[2].uid == ''"}
      - use: {steps: radiology/ask@^1, with: {many: 0}}
        when: "series[2].number > 1"
      - use: {steps: radiology/nth@^1, with: {n: 2}}
"""


def test_an_element_that_the_plan_will_not_have_is_told_at_its_place(tmp_path: Path) -> None:
    found = validated(tmp_path, COUNTED)
    of_list = [one for one in found if one["file"].endswith("nth.yaml")]
    assert [one["message"] for one in of_list] == [
        "there is no element 2; the list has 2, numbered 0 to 1"
    ]
    found = [one for one in found if one not in of_list]
    lines = (tmp_path / "example.yaml").read_text("utf-8").splitlines()
    told = [lines[one["line"] - 1][one["column"] - 1 : one["end_column"] - 1] for one in found]
    assert told == [
        "studies[2]", "studies[matrix.n].series[matrix.n].uid", "patients[1]", "studies[item].uid",
        "images[2]", "series[2]",
    ]  # fmt: skip
    assert {one["code"] for one in found} == {"FAB204"}
    assert "in the case example[n=1]" in found[1]["hint"]


def test_how_many_patients_a_source_has_is_not_known_before_the_run(tmp_path: Path) -> None:
    text = """
    patients: [{from: {csv: people.csv}, studies: [{series: [{modality: CT, images: 1, size: [64, 64]}]}]}]
    steps: [{log: {message: "{{ patients[7].id }}"}}, {assert: [{stored: {on: pacs}}]}]
    """
    assert validated(tmp_path, text, table="id,name\\nA,DOE^J\\n") == []


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


def test_what_ends_a_step_is_true_or_false_before_it_runs(tmp_path: Path) -> None:
    text = """
    vars: {ready: "no", never: "off"}
    matrix: {done: ["yes", true]}
    steps:
      - send: {to: pacs}
      - {echo: {to: pacs}, repeat: {times: 2, until: "{{ vars.ready }}"}}
      - {echo: {to: pacs}, repeat: {times: 2, until: vars.ready}}
      - {echo: {to: pacs}, repeat: {times: 2, until: "turn > 1 and vars.ready"}}
      - wait: {on: pacs, until: {expr: matrix.done}, fail_when: vars.never}
      - wait: {on: pacs, until: {stored: all}, fail_when: {expr: "{{ vars.never }}"}}
      - wait: {on: pacs, until: {expr: "poll.attempt > 1"}, fail_when: "vars.never == 'on'"}
      - assert: [{stored: {on: pacs}}]
    """
    found = validated(tmp_path, text)
    assert {one["code"] for one in found} == {"FAB207"}
    lines = (tmp_path / "example.yaml").read_text("utf-8").splitlines()
    told = [lines[one["line"] - 1][one["column"] - 1 : one["end_column"] - 1] for one in found]
    # Of a step that has several, the first that cannot be judged is told.
    assert [one.strip('"') for one in told] == [
        "{{ vars.ready }}", "vars.ready", "matrix.done", "vars.never", "{{ vars.never }}"
    ]  # fmt: skip
    assert "in the case example[done=yes]" in found[2]["hint"]


def test_values_from_the_command_line_are_judged_with_them(tmp_path: Path) -> None:
    [one] = validated(tmp_path, RIGHT, "--set", "last=serie")
    assert one["message"] == "'level' cannot be 'serie'; did you mean 'series'?"
    assert "from --set last" in one["hint"]


TABLE = """
    rows: people.csv
    patients:
      - count: "{{ row.many }}"
        studies: [{series: [{modality: "{{ row.modality }}", images: "{{ row.images }}", burn_in: "{{ row.burnt }}", size: [64, 64]}]}]
    steps:
      - {send: {to: pacs, associations: "{{ row.images }}", rate: "{{ row.images }}"}, timeout: "{{ row.images }}"}
      - use: {steps: radiology/look@^1, with: {most: "{{ row.many }}"}}
      - assert:
          - count: {actual: "{{ patients }}", expected: "{{ row.many }}"}
          - not_equal: {actual: "{{ row.many }}", expected: 1}
"""


def test_a_cell_of_a_table_is_a_number_where_one_is_wanted(tmp_path: Path) -> None:
    cells = "id,many,modality,images,burnt\\nA,1,CT,2,false\\nB, 1 ,CR,3,true\\n"
    assert validated(tmp_path, TABLE, table=cells) == []
    planned = fabricate(
        "plan", "example.yaml", "--site", "site.yaml", "--format", "json", cwd=tmp_path
    )
    made = [case["patients"] for case in json.loads(planned.out)["cases"]]
    assert [len(patients) for patients in made] == [1, 1]
    assert [len(one[0]["studies"][0]["series"][0]["images"]) for one in made] == [2, 3]


def test_a_cell_that_cannot_be_is_told_with_its_line_in_the_table(tmp_path: Path) -> None:
    cells = "id,many,modality,images,burnt\\nA,1,CT,2,false\\nB,1,CRX,x,no\\nC,1,CRX,3,true\\n"
    found = validated(tmp_path, TABLE, table=cells)
    hints = {one["message"]: one["hint"].splitlines()[-1] for one in found}
    assert hints == {
        "'images' must be a whole number, not 'x'": "in the case example[row=B], people.csv:3",
        "'burn_in' must be true or false, a list or a mapping, not 'no'": "in the case example[row=B], people.csv:3",
        "'associations' must be a whole number, not 'x'": "in the case example[row=B], people.csv:3",
        "'x' is not a rate": "in the case example[row=B], people.csv:3",
        "'x' is not a duration": "in the case example[row=B], people.csv:3",
        "unknown modality 'CRX'; did you mean 'CR'?": "in the case example[row=C], people.csv:4",
    }  # fmt: skip


def test_a_value_of_a_matrix_that_cannot_be_is_told_with_its_case(tmp_path: Path) -> None:
    text = """
    matrix: {modality: [CT, CRX]}
    patients: [{studies: [{series: [{modality: "{{ matrix.modality }}", images: 1}]}]}]
    steps: [{assert: [{equal: {actual: 1, expected: 1}}]}]
    """
    (found,) = validated(tmp_path, text)
    assert found["hint"].endswith("\nin the case example[modality=CRX]")
