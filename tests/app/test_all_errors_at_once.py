"""What is wrong with the patients is told beside what is wrong elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenario_runner.app.load import Sources
from scenario_runner.app.validate import validate
from tests.running import fabricate

PATIENTS = """\
patients:
  - studies:
      - accession: "{YYYY}{10letters}{7digits}"
        series: [{modality: CR, images: 1}]
"""
RIGHT = "steps:\n  - assert: [{equal: {actual: 1, expected: 1}}]\n"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("steps:\n  - query: {on: pacs, lvl: study}\n", "FAB104"),
        ('steps:\n  - log: {message: "{{ nope }}"}\n', "FAB203"),
        ("steps:\n  - asert: [{equal: {actual: 1, expected: 1}}]\n", "FAB109"),
        ("titel: x\n" + RIGHT, "FAB104"),
    ],
)
def test_an_accession_that_is_too_long_is_told_beside_another_error(
    tmp_path: Path, wrong: str, code: str
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("schema: scenario/v1\nname: s\n" + PATIENTS + wrong)
    found = validate(Sources(paths=[file]))
    errors = [one.code for one in found.diagnostics if one.severity == "error"]
    assert errors == ["FAB302", code]


SEVERAL = """\
schema: scenario/v1
name: s
patients:
  - {sex: female, locale: xx_XX, studies: [{modality: CR}]}
  - studies:
      - series:
          - {modality: CT, images: 0, transfer_syntax: zzz, sop_class: 1.2.3, phantom: no/such}
      - {modality: 5, series: [{phantom: no/such}]}
steps: [{eco: {to: pacs}}]
"""
CODES = ["FAB105", "FAB308", "FAB107", "FAB310", "FAB310", "FAB313", "FAB306", "FAB313", "FAB109"]


def test_one_mistake_in_a_patient_hides_no_other(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(SEVERAL)
    found = validate(Sources(paths=[file])).diagnostics
    assert [one.code for one in found] == CODES
    for command in ("validate", "plan", "run"):
        said = fabricate(command, file, cwd=tmp_path).check(3)
        told = [line for line in (said.out + said.err).splitlines() if ": error FAB" in line]
        assert [line.split(" error ")[1][:6] for line in told] == CODES
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("table", ["rows.csv", "rows.json", "rows.yaml"])
def test_a_table_with_a_mistake_is_no_scenario_with_one(tmp_path: Path, table: str) -> None:
    text = "id,name\n1\n" if table == "rows.csv" else '[{"id": 1, "name": 2}, {"id": 3}]'
    (tmp_path / table).write_text(text)
    (tmp_path / "s.yaml").write_text(f"schema: scenario/v1\nname: s\nrows: {table}\n" + RIGHT)
    for command in ("validate", "run"):
        said = fabricate(command, "s.yaml", cwd=tmp_path).check(3)
        told = [line for line in (said.out + said.err).splitlines() if ": error FAB" in line]
        assert [line.split(" error ")[1][:6] for line in told] == ["FAB318"]


def test_what_is_taken_out_is_not_missed(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    patients = "patients:\n  - {studies: [{series: [{modality: [CT]}]}]}\n  - {studies: [3]}\n"
    file.write_text("schema: scenario/v1\nname: s\n" + patients + RIGHT)
    found = validate(Sources(paths=[file])).diagnostics
    assert [(one.code, one.where.line) for one in found] == [("FAB102", 4), ("FAB102", 5)]


def test_an_age_in_digits_alone_is_told_how_to_write_it_and_hours_are_a_time(
    tmp_path: Path,
) -> None:
    file = tmp_path / "s.yaml"
    patients = "patients: [{age: 40, studies: [{modality: CR, time: 07}]}]\n"
    file.write_text("schema: scenario/v1\nname: s\n" + patients + RIGHT)
    (found,) = validate(Sources(paths=[file])).diagnostics
    assert (found.code, found.hint) == ("FAB102", "for example: 40y; age takes: min, max")


def test_a_counter_with_one_number_is_told_in_words(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    study = '{accession: "{1digits:start=9}", count: 2, modality: CR}'
    file.write_text(f"schema: scenario/v1\nname: s\npatients: [{{studies: [{study}]}}]\n{RIGHT}")
    (found,) = validate(Sources(paths=[file])).diagnostics
    assert "has 1 number, and 2 studies need one each" in found.message


def test_rules_for_identifiers_are_judged_with_the_site_file_alone(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "schema: site/v1\nname: north\ntargets: {pacs: {embedded: {}}}\n"
        'identifiers:\n  accession: "{7digts}"\n  patient_id: "{70digits}"\n',
        encoding="utf-8",
    )
    done = fabricate("validate", site, "--format", "json")
    found = [json.loads(line) for line in done.out.splitlines()]
    places = [(one["code"], one["line"], one["column"]) for one in found]
    assert places == [("FAB301", 5, 15), ("FAB301", 6, 16)]
