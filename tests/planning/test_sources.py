"""Patients from elsewhere are planned like any other, and a wrong one is told at its own place."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread

from tests.running import ROOT, Finished, fabricate, record, write_site

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """id,name,sex,birth_date,accession,study.description,modality,images,series.body_part,tags.PatientComments
A1,"TEST^ANNA",F,1970-01-31,X1,"Chest, two views",CT,2,CHEST,hello
0042,TEST^BOB,M,,,,MR,1,,

A3,TEST^CY,O,19800101,1.10,,CR,1,,
"""


def scenario(folder: Path, *patients: dict[str, Any], steps: Any = ()) -> Path:
    data = {"schema": "scenario/v1", "name": "elsewhere", "seed": 3, "patients": patients}
    path = folder / "elsewhere.yaml"
    path.write_text(json.dumps({**data, "steps": steps or [{"log": {"message": "x"}}]}), "utf-8")
    return path


def planned(path: Path, *options: str | Path) -> list[dict[str, Any]]:
    done = fabricate("plan", path, "--format", "json", *options).check()
    patients: list[dict[str, Any]] = json.loads(done.out)["cases"][0]["patients"]
    return patients


def told(folder: Path, **files: str) -> Finished:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    source = {"csv": "rows.csv"} if "rows_csv" in files else {"json": "people.json"}
    return fabricate("validate", scenario(folder, {"from": source})).check(3)


def test_patients_written_in_yaml_come_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("- {id: 0012, name: A^B}\n- {id: X2}\n")
    path = scenario(tmp_path, {"from": {"yaml": "people.yaml"}, "studies": [{"modality": "CR"}]})
    assert [one["id"] for one in planned(path)] == ["0012", "X2"]
    # Nor is it taken for a scenario that does not say what it is.
    assert "1 file checked, no errors" in fabricate("validate", tmp_path).check().out


def test_columns_of_studies_are_not_left_aside_without_a_word(tmp_path: Path) -> None:
    """``studies`` beside ``from`` wins whole, so that nothing came of a column about studies."""
    (tmp_path / "rows.csv").write_text("id,study.description\nA1,Knee\n", "utf-8")
    beside = {"from": {"csv": "rows.csv"}, "studies": [{"modality": "CR"}]}
    said = "rows.csv: what it says of studies and series is left aside, for 'studies' stands beside"
    assert said in fabricate("plan", scenario(tmp_path, beside)).check().err
    (tmp_path / "rows.csv").write_text("id\nA1\n", "utf-8")
    assert "left aside" not in fabricate("plan", scenario(tmp_path, beside)).check().err


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_is_a_patient_with_its_study(tmp_path: Path, delimiter: str) -> None:
    text = TABLE.replace("Chest, two", "Chest and two").replace(",", delimiter)
    (tmp_path / "rows.csv").write_text("\ufeff" + text, "utf-8")
    first, second, third = planned(scenario(tmp_path, {"from": {"csv": "rows.csv"}}))
    assert (first["id"], first["name"], first["birth_date"]) == ("A1", "TEST^ANNA", "1970-01-31")
    (study,) = first["studies"]
    assert (study["accession"], study["description"]) == ("X1", "Chest and two views")
    (series,) = study["series"]
    assert (series["modality"], series["body_part"], len(series["images"])) == ("CT", "CHEST", 2)
    assert second["id"] == "0042"
    assert third["studies"][0]["accession"] == "1.10"


def test_the_entry_wins_and_a_source_without_series_gets_the_usual_ones(tmp_path: Path) -> None:
    people = [
        {
            "id": "J1",
            "sex": "F",
            "age": "40y",
            "tags": {"PatientComments": "theirs", "Occupation": "X"},
        }
    ]
    (tmp_path / "people.json").write_text(json.dumps({"patients": people}), "utf-8")
    entry = {
        "from": {"json": "people.json"}, "sex": "M", "birth_date": "1950-05-05",
        "tags": {"PatientComments": "ours"}, "studies": [{"modality": "CR"}],
    }  # fmt: skip
    steps = [{"generate": {"to": "made"}}]
    path = scenario(tmp_path, entry, {"id": "LAST"}, steps=steps)
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check()
    files = list((tmp_path / "run" / "made").rglob("*.dcm"))
    assert files
    dataset = dcmread(files[0])
    assert (dataset.PatientID, dataset.PatientSex, dataset.PatientBirthDate) == (
        "J1",
        "M",
        "19500505",
    )
    assert (dataset.PatientComments, dataset.Occupation) == ("ours", "X")


def test_a_rerun_needs_what_was_read_no_more(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(TABLE, "utf-8")
    steps = [{"generate": {"to": "made", "only": {"modality": "CT"}}}]
    path = scenario(tmp_path, {"from": {"csv": "rows.csv"}}, steps=steps)
    fabricate("run", path, "--out", tmp_path / "run", "--registry", ":memory:").check()
    (tmp_path / "rows.csv").unlink()
    fabricate("rerun", tmp_path / "run", "--out", tmp_path / "again").check()
    first, again = (record(tmp_path / name)["cases"][0]["patients"] for name in ("run", "again"))
    assert first == again
    assert len(first) == 3
    kept = (tmp_path / "again" / "inputs" / "read-1-rows.csv").read_text("utf-8")
    assert kept == TABLE


def test_a_bad_cell_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    said = told(
        tmp_path, rows_csv=TABLE.replace(",M,", ",Q,").replace("19800101", "1980-13-01")
    ).out
    assert (
        f"{tmp_path / 'rows.csv'}:3:15: error FAB105: 'sex' cannot be 'Q' (row 2 of rows.csv, column 'sex')"
        in said
    )
    assert "rows.csv:5:14: error FAB106: '1980-13-01' is not a date" in said
    assert "(row 3 of rows.csv, column 'birth_date')" in said
    assert "    3 | 0042,TEST^BOB,Q" in said


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("id,nmae\n1,x\n", "rows.csv:1:4: error FAB317: there is no column 'nmae'; did you mean 'name'?"),
        ("id,id\n1,2\n", "rows.csv:1:4: error FAB317: the column 'id' is here a second time"),
        ("foo|id|bar\n1|2|3\n", "rows.csv:1:8: error FAB317: there is no column 'bar'"),
        ("id,name\n1,x,M\n", "rows.csv:2:1: error FAB317: the row has 3 cells, and there are 2 columns (row 1 of rows.csv)"),
        ('id,name\n1,"x\n', "this is no row of a table"),
        ("id,name\n1\n2,x\n3,x,M\n", "rows.csv:4:1: error FAB317: the row has 3 cells, and there are 2 columns (row 3 of rows.csv)"),
        ("id,name\n1\n2,x\n3,x,M\n", "rows.csv:2:1: error FAB317: the row has 1 cell, and there are 2 columns (row 1 of rows.csv)"),
        ("\n\n", "has no rows"),
        ("id,name\n", "rows.csv' names columns and has no rows"),
        ("id,studies\n1,x\n", "there is no column 'studies'"),
        ("id,images\n1,many\n", "'images' must be a whole number, not 'many' (row 1 of rows.csv, column 'images')"),
        ("id,name\n1,^\\x\n", "(row 1 of rows.csv, column 'name')"),
        ("birth_date,date,modality\n1990-01-01,1980-01-01,CR\n", "FAB307: the study is on 1980-01-01, before the birth date"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_told_where(tmp_path: Path, table: str, says: str) -> None:
    assert says in told(tmp_path, rows_csv=table).out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"id": "1",\n "sxe": "F"}]', "people.json:2:2: error FAB104: unknown key 'sxe'"),
        ('[{"studies": [{"modality":\n "QQ"}]}]', "people.json:2:2: error FAB306"),
        ('{"patients": {"id": "1"}}', "people.json:1:14: error FAB317: patients are a list"),
        ('[{"id": "1"}, 5]', "people.json:1:15: error FAB317: patient 2 must be a mapping"),
        ('[{"from": {"csv": "x"}}]', "a patient of a source cannot come from another source"),
        ('[{"id": "1"}', "people.json:1:1: error FAB015: this list in [ ] is not closed"),
    ],
)
def test_patients_in_json_are_told_at_their_own_line(tmp_path: Path, text: str, says: str) -> None:
    assert says in told(tmp_path, people_json=text).out


def test_what_the_entry_says_is_told_in_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(TABLE, "utf-8")
    entry = {"from": {"csv": "rows.csv"}, "locale": "ar_EG"}
    said = fabricate("validate", scenario(tmp_path, entry)).check(3).out
    assert "elsewhere.yaml:1:" in said
    assert "FAB308" in said


def test_a_plugin_adds_a_source_with_places_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    shutil.copy(ROOT / "plugins" / "contacts.py", tmp_path / "plugins")
    site = write_site(tmp_path / "site.yaml", {"pacs": {"embedded": {}}}, plugins="plugins")
    card = "BEGIN:VCARD\nVERSION:4.0\nUID:V1\nN:Test;Vera;;;\nBDAY:19700131\nGENDER:F\nEND:VCARD\n"
    (tmp_path / "staff.vcf").write_text(card, "utf-8")
    path = scenario(tmp_path, {"from": {"contacts": "staff.vcf"}})
    (patient,) = planned(path, "--site", site)
    assert (patient["id"], patient["name"], patient["birth_date"]) == (
        "V1",
        "TEST^VERA",
        "1970-01-31",
    )
    beside = scenario(tmp_path, {"from": {"file": "staff.vcf", "contacts": {}}})
    fabricate(
        "run", beside, "--site", site, "--out", tmp_path / "run", "--registry", ":memory:"
    ).check()
    (case,) = record(tmp_path / "run")["cases"]
    assert case["scenario"]["sources"] == ["contacts"]
    assert case["scenario"]["elsewhere"] == ["an address book"]
    (tmp_path / "staff.vcf").write_text(card.replace("19700131", "--0131"), "utf-8")
    said = fabricate("validate", path, "--site", site).check(3).out
    assert "staff.vcf:5:1: error FAB106: '--0131' is not a date" in said
    assert "(contact 1)" in said
