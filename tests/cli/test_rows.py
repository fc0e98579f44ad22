"""What was found at a PACS, for a person: a table where it fits, else lines of names and values."""

from __future__ import annotations

import pytest

from scenario_runner.app.row_texts import csv_line
from scenario_runner.cli import rows
from scenario_runner.cli.wrapping import cells

FOUND = [
    {"PatientName": "山田^花子", "StudyInstanceUID": "2.25." + "1" * 59},
    {"PatientName": "SMITH^LISA", "StudyInstanceUID": "2.25.7"},
]
COLUMNS = ["PatientName", "StudyInstanceUID"]


def _printed(
    width: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    monkeypatch.setattr(rows, "terminal_width", lambda: width)
    rows.print_rows(FOUND, COLUMNS, "text")
    return capsys.readouterr().out.splitlines()


def test_columns_stand_under_each_other_in_every_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    heading, _, *lines = _printed(None, monkeypatch, capsys)
    at = cells(heading.partition("StudyInstanceUID")[0])
    assert [cells(line.partition("2.25.")[0]) for line in lines] == [at, at]


def test_a_narrow_terminal_gets_names_and_values_and_all_of_every_uid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _printed(70, monkeypatch, capsys)
    assert "" in lines
    assert lines[0].split() == ["PatientName", "山田^花子"]
    assert "2.25." + "1" * 59 in "".join("".join(lines).split())
    assert all(cells(line) <= 70 for line in lines)


def test_nothing_found_is_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows.print_rows([], COLUMNS, "text")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("-2+3", "'-2+3"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("\uff1d1", "'\uff1d1"),
        ("-12.5", "-12.5"),
        ("-12.5\\-3e2\\7", "-12.5\\-3e2\\7"),
        ("SMITH^LISA", "SMITH^LISA"),
    ],
)
def test_no_value_in_a_table_is_taken_for_a_formula_and_numbers_stay_numbers(
    value: str, written: str
) -> None:
    assert csv_line([value]) == written + "\n"
