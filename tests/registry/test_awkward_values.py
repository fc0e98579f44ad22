"""What somebody types or a file says that nobody can be: refused in words, before it costs a number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.registry.test_patient_commands import typed
from tests.running import fabricate

GOOD = {"id": "A", "name": "X^Y", "sex": "F", "birth_date": "1980-01-01"}


@pytest.fixture
def where(tmp_path: Path) -> str:
    return str(tmp_path / "r.sqlite3")


@pytest.mark.parametrize("day", ["2999-01-01", "29990101", "2999/12/31T00:00:00"])
def test_nobody_is_taken_in_who_is_born_in_days_to_come(
    day: str, where: str, tmp_path: Path
) -> None:
    file = tmp_path / "people.json"
    rows = [GOOD, {"id": "B", "name": "X^Y", "sex": "F", "dob": day}]
    file.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    told = typed(where, "import", str(file), code=3).err
    assert f"people.json:8:2: error FAB317: patient 2: the birth date '{day}' is yet" in told
    assert typed(where, "list").out == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[\n"\\ud83d"]', "2:2: error FAB317: \\ud83d is half of a character"),
        ('[{"id": "\\uDE00"}]', "1:10: error FAB317: \\uDE00 is half of a character"),
        (f'{{"x": {{"a": 1, "a": 2}}, "b": {"7" * 5000}}}', "the key 'a' is there twice"),
        (f"[\n {'7' * 5000}]", "2:2: error FAB317: a number has 5000 digits"),
    ],
)
@pytest.mark.parametrize("command", ["import", "load-config"])
def test_json_that_holds_no_text_or_no_number_is_told_with_its_place(
    command: str, text: str, told: str, where: str, tmp_path: Path
) -> None:
    file = tmp_path / "f.json"
    file.write_text(text, encoding="utf-8")
    assert told in typed(where, command, str(file), code=3).err


def test_pairs_of_surrogates_and_escaped_backslashes_are_text(where: str, tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps([{**GOOD, "name": "GRIN😀^Y", "note": r"\ud83d"}]), encoding="utf-8")
    typed(where, "import", str(file))
    assert typed(where, "list", "--format", "json").rows()[0]["name"] == "GRIN😀^Y"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"id_pattern": ""}, "'id_pattern' is empty"),
        ({"patient_id": {"pattern": "  "}}, "'patient_id.pattern' is empty"),
        ({"locale": ""}, "'locale' is empty"),
        ({"locale": "xx_YY"}, "no people of the locale 'xx_YY'"),
        ({"increment": 0}, "'increment' is a number, 1 or more"),
        ({"start": 2**63}, "'start' is a number, 9223372036854775807 at most"),
        ({"start": "7" * 5000}, "'start' is a number, 9223372036854775807 at most"),
        ({"start": "²"}, "'start' is a number, 0 or more"),
        ({"birth_year_range": [2190, 2200]}, "begins in 2190, when nobody has been born"),
        ({"birth_year_min": 2190}, "begins in 2190, when nobody has been born"),
        ({"last_names": ["TESTER", ""]}, "'last_names' is empty"),
        ({"last_names": ["TESTER^JANE"]}, "'^' separates the parts of a name"),
        ({"names": {"male": ["JO=HN"]}}, "'=' separates the parts of a name"),
        ({"first_names": ["JANE\\MARY"]}, "a backslash cannot stand"),
        ({"last_names": ["T" * 70]}, "a component group of a name has 64 at most"),
        ({"phone_pattern": ["555-01##", "+1 (555) 555-0100 ext ####"]}, "its VR SH takes 16"),
        ({"address_pattern": "{street}, " * 9}, "its VR LO takes 64"),
    ],
)
def test_a_configuration_by_which_nobody_can_be_made_is_refused_when_it_is_loaded(
    given: dict[str, Any], told: str, where: str, tmp_path: Path
) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps(given), encoding="utf-8")
    before = typed(where, "config").out
    refused = typed(where, "load-config", str(file), code=None)
    assert refused.code in (2, 3)
    assert told in refused.err
    assert typed(where, "config").out == before
    typed(where, "generate")


@pytest.mark.parametrize(
    "said",
    [
        ("--name", "X\\Y"),
        ("--name", "X" * 65),
        ("--phone", "1" * 17),
        ("--address", "1" * 65),
        ("--birth-date", "2999-01-01"),
    ],
)
def test_patients_that_cannot_be_use_up_no_number(said: tuple[str, str], where: str) -> None:
    for count in ("1", "3"):
        typed(where, "generate", "--count", count, *said, code=2)
    assert typed(where, "generate", "--format", "json").rows()[0]["id"] == "PID000001"


def test_what_is_said_to_be_empty_is_not_drawn(where: str) -> None:
    (one,) = typed(where, "generate", "--address", "", "--phone", "", "--format", "json").rows()
    assert (one["address"], one["phone"]) == (None, None)
    for pattern in ("", " "):
        told = typed(where, "test-ids", "--pattern", pattern, code=2).err
        assert "the pattern of IDs is empty" in told


def test_somebody_who_is_kept_with_a_birth_to_come_is_exported_and_imported(
    where: str, tmp_path: Path
) -> None:
    (tmp_path / "s.yaml").write_text(
        "schema: scenario/v1\nname: s\npatients: [{id: B1, keep: true, birth_date: 2999-01-01, studies: [{modality: SR}]}]\n"
        "steps: [send: {to: pacs}]\n",
        encoding="utf-8",
    )
    fabricate("run", "s.yaml", cwd=tmp_path, env={"FABRICATE_REGISTRY": where}).check()
    typed(where, "export", str(tmp_path / "people.json"))
    other = str(tmp_path / "other.sqlite3")
    typed(other, "import", str(tmp_path / "people.json"))
    assert typed(other, "show", "B1", "--format", "json").rows()[0]["birth_date"] == "2999-01-01"
    assert "1 were here already" in typed(other, "import", str(tmp_path / "people.json")).out


def test_a_name_of_one_sex_makes_somebody_of_that_sex(where: str) -> None:
    for name, sex in (("CITIZEN^JANE", "F"), ("CITIZEN^JOHN", "M")):
        made = typed(where, "generate", "--count", "12", "--name", name, "--format", "json").rows()
        assert {one["sex"] for one in made} == {sex}


def test_a_text_of_thousands_of_characters_is_not_said_back_whole(where: str) -> None:
    typed(where, "generate")
    for command, code in (("search", 0), ("show", 2), ("delete", 2)):
        assert len(typed(where, command, "x" * 5000, code=code).err) < 300


@pytest.mark.parametrize("columns", [24, 40, 60])
def test_bars_end_with_the_terminal(
    columns: int, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(where, "generate", "--count", "4", "--seed", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = typed(where, "stats").out.splitlines()
    assert any("█" in line for line in lines)
    assert max(map(len, lines)) <= columns
