"""What editors are told of a file that is being written; ``|`` marks the cursor."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenario_runner.app.editing import Editing

EXAMPLES = Path(__file__).parents[1] / "examples" / "valid"
HEAD = "schema: scenario/v1\nname: s\nvars: {images: 2}\nmatrix: {modality: [CR, DX]}\n"
SITE = """schema: site/v1
name: north
targets:
  pacs: {embedded: {}}
  archive: {embedded: {}}
"""


@pytest.fixture(scope="module")
def editing(tmp_path_factory: pytest.TempPathFactory) -> Editing:
    folder = tmp_path_factory.mktemp("edited")
    shutil.copytree(EXAMPLES / "libs", folder / "libs")
    (folder / "site.yaml").write_text(SITE)
    (folder / "people.csv").write_text("\n  the id;name\nP1;DOE^JANE\n")
    (folder / "people.yaml").write_text("- {id: P1}\n")
    return Editing(folder / "s.yaml", site=folder / "site.yaml")


def split(text: str) -> tuple[str, int]:
    offset = text.index("¦")
    return text[:offset] + text[offset + 1 :], offset


def test_what_a_file_is_and_which_scenarios_an_overlay_names_complete(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "libs", tmp_path / "libs")
    north = tmp_path / "sites" / "north"
    north.mkdir(parents=True)
    (tmp_path / "own.yaml").write_text("schema: scenario/v1\nname: my_own\n")
    overlay = Editing(north / "overlay.yaml")
    told = overlay.complete(*split("schema: ¦\n"))
    assert {"scenario/v1", "overlay/v1", "site/v1", "library/v1", "steps/v1"} == {
        item.label for item in told.items
    }
    assert all(item.insert == item.label for item in told.items)
    for text in ("scenarios:\n  ¦\n", "scenarios: {¦}\n"):
        found = overlay.complete(*split(f"schema: overlay/v1\n{text}")).items
        assert "my_own" in {item.label for item in found}
    assert "with" in {
        item.label
        for item in overlay.complete(
            *split("schema: overlay/v1\nscenarios:\n  my_own: {¦}\n")
        ).items
    }


def labels(editing: Editing, text: str) -> list[str]:
    return [item.label for item in editing.complete(*split(HEAD + text)).items]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("patients:\n  - studies: [{series: [{modality: C¦}]}]\n", {"CT", "CR", "MG"}),
        ("patients:\n  - studies:\n      - series:\n          - modality: ¦\n", {"CT", "US"}),
        ("patients:\n  - studies: [{series: [{transfer_syntax: ¦", {"explicit-le", "jpeg-ls"}),
        ("patients:\n  - studies: [{series: [{phantom: xray/¦", {"xray/chest"}),
        ("patients:\n  - studies: [{series: [{body_part: CH¦}]}]\n", {"CHEST"}),
        ("patients:\n  - locale: ¦\n", {"en_AU", "ja_JP"}),
        ("patients:\n  - name: {locale: ¦}\n", {"de_DE"}),
        ("patients:\n  - character_set: ISO_IR 1¦\n", {"ISO_IR 100", "ISO_IR 192"}),
        ("patients:\n  - studies: [{series: [{modality: CT, faults: [¦]}]}]\n", {"bad-uid"}),
        ("patients:\n  - studies: [{series: [{faults: [{fault: ¦", {"bad-uid"}),
        ("patients:\n  - tags: {Pat¦}\n", {"PatientComments"}),
        ("patients:\n  - se¦\n", {"sex", "studies", "name"}),
        ("steps:\n  - ¦\n", {"query", "send", "assert", "parallel"}),
        ("steps:\n  - qu¦\n  - echo: {to: pacs}\n", {"query"}),
        ("steps:\n  - query:\n      on: pacs\n      le¦\n  - echo: {to: pacs}\n", {"level", "match"}),
        ("steps:\n  - query: {on: ¦}\n", {"pacs", "archive"}),
        ("steps:\n  - query: {on: pacs, level: ¦, match: {}}\n", {"study", "worklist"}),
        ("steps:\n  - query: {on: pacs, match: {Acc¦", {"AccessionNumber"}),
        ("steps:\n  - query: {on: pacs, return: [Pat¦]}\n", {"PatientID"}),
        ("steps:\n  - assert:\n      - tags: {of: got, values: {Study¦}}\n", {"StudyDate"}),
        ("steps:\n  - assert: [¦", {"equal", "stored"}),
        ("steps:\n  - assert:\n      - ¦\n", {"equal", "stored", "pixels"}),
        ("steps:\n  - parallel:\n      - ec¦\n", {"echo"}),
        ("steps:\n  - validate: {with: [¦]}\n", {"dciodvfy"}),
        ("steps:\n  - use: {steps: ¦}\n", {"radiology/store_and_find"}),
        ("steps:\n  - use: {steps: radiology/store_and_find, with: {¦}}\n", {"to", "patience"}),
        ("steps:\n  - use: {steps: radiology/store_and_find, with: {use: ¦}}\n", set()),
        ("steps:\n  - log: {message: '{{ ¦ }}'}\n", {"vars", "matrix", "studies", "run"}),
        ("steps:\n  - log: {message: '{{ vars.¦ }}'}\n", {"images"}),
        ("steps:\n  - log: {message: '{{ studies[0].acc¦ }}'}\n", {"accession", "uid"}),
        ("steps:\n  - log: {message: '{{ vars.images | ¦ }}'}\n", {"length"}),
        ("steps:\n  - echo: {to: pacs}\n    when: matrix.¦\n", {"modality"}),
        ("steps:\n  - echo: {to: pacs}\n    save_as: found\n  - log: {message: '{{ fo¦ }}'}\n", {"found"}),
        ("steps:\n  - send: {to: pacs}\n    save_as: sent\n  - commit: {to: pacs, what: ¦}\n", {"sent", "generated"}),
        ("steps:\n  - use: {steps: radiology/store_and_find}\n  - log: {message: '{{ fo¦ }}'}\n", {"found"}),
        ("steps:\n  - use: {steps: radiology/store_and_find}\n  - assert: [status: {of: ¦}]\n", {"found"}),
        ("steps:\n  - echo: {to: pacs}\n    re¦\n", {"retry", "repeat", "requirements"}),
    ],
)  # fmt: skip
def test_what_can_stand_at_the_cursor(editing: Editing, text: str, there: set[str]) -> None:
    assert there <= set(labels(editing, text))


def test_keys_that_are_there_already_are_not_offered_again(editing: Editing) -> None:
    found = labels(editing, "steps:\n  - query: {on: pacs, ¦, match: {}}\n")
    assert found[0] == "level"  # required ones come first
    assert not {"on", "match"} & set(found)


def test_what_is_inserted_takes_the_place_of_what_is_written(editing: Editing) -> None:
    text, offset = split(HEAD + "patients:\n  - studies: [{series: [{phantom: xray/ch¦est}]}]\n")
    found = editing.complete(text, offset)
    assert text[found.start : found.end] == "xray/chest"
    text, offset = split(HEAD + "steps:\n  - ech¦o: {to: pacs}\n")
    (echo,) = [item for item in editing.complete(text, offset).items if item.label == "echo"]
    assert echo.insert == "echo"  # the colon is there
    assert "C-ECHO" in echo.documentation


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps:\n  - qu¦ery: {on: pacs, level: study}\n", "docs/reference/steps.md#query"),
        ("steps:\n  - query: {on: pacs, lev¦el: study}\n", "The query level"),
        ("steps:\n  - query: {on: pacs, level: study, match: {Pati¦entID: x}}\n", "(0010,0020) LO 1"),
        ("steps:\n  - use: {steps: radiology/store_and_find, with: {t¦o: pacs}}\n", "Where the studies go"),
        ("steps:\n  - use: {steps: radiology/store_and_find, with: {t¦o: pacs}}\n", "(target, by default pacs)"),
        ("patients:\n  - studies: [{series: [{modality: CR, body_part: CHE¦ST}]}]\n", "Chest"),
        ("title: '{{ va¦rs.images * 3 }}'\n", "= `6`"),
        ("patients: {id: P1, studies: [{modality: CR}]}\ntitle: 'of {{ matrix.modal¦ity }}'\n", "= `of CR`"),
        ("patients: {id: P1}\nsteps:\n  - log: {message: '{{ patients[0].i¦d }}'}\n", "= `P1`"),
        ("steps:\n  - log: {message: '{{ run.i¦d }}'}\n", "known when it runs"),
    ],
)  # fmt: skip
def test_what_is_told_of_what_stands_there(editing: Editing, text: str, said: str) -> None:
    found = editing.hover(*split(HEAD + text))
    assert found is not None
    assert said in found.text


@pytest.mark.parametrize(
    ("text", "file", "line"),
    [
        ("steps:\n  - use: {steps: radiology/store_and_f¦ind}\n", "store_and_find.yaml", 2),
        ("steps:\n  - use: {steps: radiology/store_and_find, with: {t¦o: pacs}}\n", "store_and_find.yaml", 4),
        ("steps:\n  - echo: {to: arch¦ive}\n", "site.yaml", 5),
        ("title: '{{ vars.im¦ages }}'\n", "s.yaml", 3),
        ("steps:\n  - query: {on: pacs, level: study}\n    save_as: found\n  - log: {message: '{{ fou¦nd }}'}\n",
         "s.yaml", 7),
        ("steps:\n  - use: {steps: radiology/store_and_find}\n  - log: {message: '{{ fou¦nd }}'}\n",
         "find.yaml", 10),
        ("rows: people.csv\ntitle: '{{ row.na¦me }}'\n", "people.csv", 2),
        ("rows: people.csv\ntitle: '{{ row[\"the i¦d\"] }}'\n", "people.csv", 2),
        ("rows: people.yaml\ntitle: '{{ row.i¦d }}'\n", "people.yaml", 1),
        ("steps:\n  - echo: {to: '{{ it¦em }}'}\n    for_each: [pacs]\n", "s.yaml", 7),
    ],
)  # fmt: skip
def test_where_it_is_said(editing: Editing, text: str, file: str, line: int) -> None:
    found = editing.definition(*split(HEAD + text))
    assert found is not None
    assert (Path(found.file).name, found.line) == (file, line)


def test_a_variable_is_found_in_the_scenario_of_a_library_that_has_it(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES.parent / "invalid" / "libs", tmp_path / "libs")
    text = "schema: scenario/v1\nname: s\nscenario: radiology/ct@^1\ntitle: '{{ vars.ima¦ges }}'\n"
    found = Editing(tmp_path / "s.yaml").definition(*split(text))
    assert found is not None
    named = Path(found.file)
    assert named.name == "ct.yaml"
    line = (tmp_path / "libs/radiology/scenarios/ct.yaml").read_text("utf-8").splitlines()
    assert line[found.line - 1][found.column - 1 :].startswith("images:")


def test_a_column_is_found_at_its_cell(editing: Editing) -> None:
    found = editing.definition(*split(HEAD + "rows: people.csv\ntitle: '{{ row.na¦me }}'\n"))
    assert found is not None
    assert (found.column, found.end_column) == (10, 14)


def test_findings_are_those_of_the_command_and_those_of_the_site(
    editing: Editing, tmp_path: Path
) -> None:
    text = HEAD + "steps:\n  - echo: {to: archve}\n"
    assert [one.code for one in editing.diagnostics(text)] == ["FAB116"]
    sound = text.replace("archve", "archive")
    assert [one.code for one in editing.diagnostics(sound)] == ["FAB901", "FAB903"]
    (tmp_path / "bad.yaml").write_text("schema: site/v1\nnmae: north\n")
    of_a_bad_site = Editing(tmp_path / "s.yaml", site=tmp_path / "bad.yaml")
    assert "FAB104" in [one.code for one in of_a_bad_site.diagnostics(text)]


def test_a_text_cut_anywhere_is_answered_without_a_word_of_python(editing: Editing) -> None:
    text = (EXAMPLES / "whole.yaml").read_text("utf-8")
    for end in range(0, len(text), 97):
        for cut in (text[:end], text):
            editing.complete(cut, end)
            editing.hover(cut, end)
            editing.definition(cut, end)


def test_a_lock_that_cannot_be_read_is_no_matter_of_what_can_be_named(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "libs", tmp_path / "libs")
    (tmp_path / "fabricate.lock").write_text("libraries: [\n")
    editing = Editing(tmp_path / "s.yaml")
    assert "radiology/store_and_find" in labels(editing, "steps:\n  - use: {steps: ¦}\n")
    used = HEAD + "steps:\n  - use: {steps: radiology/store_and_find, with: {to: pacs}}\n"
    assert "FAB015" in {one.code for one in editing.diagnostics(used)}, "where it counts it is told"
