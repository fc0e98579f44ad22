"""The page on identifier patterns says what patterns do."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from scenario_runner.planning.patterns import parse
from tests.planning.support import FIELDS, plan

_TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "identifier-patterns.md").read_text(
    encoding="utf-8"
)
_SECTIONS = {part.split("\n", 1)[0]: part for part in _TEXT.split("\n## ")}
_MOMENT = datetime(2025, 12, 31, 9, 30)  # noqa: DTZ001 - a study's time has no zone


def rows(section: str) -> list[list[str]]:
    """The code in each cell of each row of a section's table."""
    lines = [line for line in _SECTIONS[section].splitlines() if line.startswith("| `")]
    return [
        [code for cell in line.split(" | ") for code in re.findall("`([^`]+)`", cell)]
        for line in lines
    ]


@pytest.mark.parametrize(("text", "first", "second"), rows("Examples"))
def test_an_example_makes_the_identifiers_it_shows(text: str, first: str, second: str) -> None:
    pattern = parse(text, FIELDS)
    made = [
        pattern.render(
            _MOMENT,
            modality="CT",
            site="north",
            numbers=[counter.start + nth * counter.step for counter in pattern.counters],
        )
        for nth in range(2)
    ]
    assert made == [first, second]


@pytest.mark.parametrize(("text", "short"), rows("The long form"))
def test_the_long_form_has_the_short_form_beside_it(text: str, short: str) -> None:
    assert str(parse(text, FIELDS)) == short


def test_the_table_has_every_field() -> None:
    shown = {re.sub(r"^\d+", "", code.strip("{}")) for row in rows("Fields") for code in row}
    assert shown >= {*FIELDS, "digits", "mod10"}
    for row in rows("Fields"):
        for code in row:
            assert str(parse(code, FIELDS)) == code


def test_the_scenario_on_the_page_is_as_it_says() -> None:
    (text,) = re.findall("```yaml\n(.*?)```", _TEXT, re.DOTALL)
    case = plan(text)[0]
    assert [patient.patient_id for patient in case.patients] == ["TWICE", "TWICE"]
    assert len({study.accession for study in case.studies()}) == 3
