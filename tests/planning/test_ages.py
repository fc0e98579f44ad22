"""An age that is asked for is the age on the day of the study, whatever its unit."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.conformance.rules.dates import _UNITS as COUNTED
from scenario_runner.imaging.modules.attribute_values import age as written
from scenario_runner.language.model import GivenAge
from scenario_runner.planning.dates import AgeRule
from scenario_runner.planning.identity import Dice
from tests.planning.support import plan, problems

DAYS = st.dates(dt.date(1980, 1, 1), dt.date(2080, 12, 31))
AGES = st.builds(GivenAge, st.integers(0, 133), st.sampled_from("dwmy"))


@given(AGES, DAYS, st.integers(0, 2**40))
def test_an_age_is_right_on_the_day_of_the_study(age: GivenAge, day: dt.date, seed: int) -> None:
    rule = AgeRule.of(age)
    born = rule.birth_date(day, Dice(seed))
    assert COUNTED[age.unit.upper()](born, day) == age.number
    assert rule.holds(born, day)
    first, last = rule.days_of(born)
    assert first <= day <= last
    assert rule.holds(born, first)
    assert rule.holds(born, last)
    assert not rule.holds(born, first - dt.timedelta(days=1))
    assert not rule.holds(born, last + dt.timedelta(days=1))


@given(AGES, AGES, DAYS, st.integers(0, 2**40))
def test_an_age_lies_between_its_bounds_in_their_own_units(
    low: GivenAge, high: GivenAge, day: dt.date, seed: int
) -> None:
    rule = AgeRule(low, high)
    if rule.impossible:
        return
    born = rule.birth_date(day, Dice(seed))
    if not rule.holds(born, day):
        # Bounds such as 1m to 30d leave room in some months only.
        assert rule.latest_birth(day) < rule.earliest_birth(day)


@pytest.mark.parametrize("unit", "dwmy")
@pytest.mark.parametrize("number", [0, 1, 2, 6, 12, 18, 23, 24, 36, 99])
def test_the_object_says_the_age_that_the_scenario_asks_for(number: int, unit: str) -> None:
    for day in ("2024-02-29", "2025-03-31", "2025-12-01"):
        text = f"patients: [{{age: {number}{unit}, studies: [{{date: {day}, modality: CT}}]}}]\n"
        (patient,) = plan(text)[0].patients
        (study,) = patient.studies
        said = written(patient.birth_date, study.date)
        assert said is not None
        assert COUNTED[said[3]](patient.birth_date, study.date) == int(said[:3])
        assert COUNTED[unit.upper()](patient.birth_date, study.date) == number
        if unit == "m" and 2 <= number < 24:
            assert said == f"{number:03}M"


def test_a_date_in_tags_is_the_day_that_an_age_is_for() -> None:
    text = "patients: [{age: 18m, studies: [{modality: CT, tags: {StudyDate: '20010331'}}]}]\n"
    (patient,) = plan(text)[0].patients
    assert written(patient.birth_date, patient.studies[0].date) == "018M"
    text = "patients: [{birth_date: 2001-04-01, studies: [{modality: CT, tags: {StudyDate: '20010331'}}]}]\n"
    assert [code for code, _, _ in problems(text)] == ["FAB307"]


@pytest.mark.parametrize("bounds", ["{min: 2y, max: 12m}", "{min: 24m, max: 1y}"])
def test_a_least_age_above_the_greatest_is_told(bounds: str) -> None:
    text = f"patients: [{{age: {bounds}, studies: [{{modality: CT}}]}}]\n"
    assert [code for code, _, _ in problems(text)] == ["FAB307"]


def test_a_week_holds_seven_ages_in_days() -> None:
    text = "patients: [{age: {min: 8d, max: 1w}, studies: [{modality: CT, date: 2025-02-01}]}]\n"
    assert plan(text)[0].patients[0].birth_date == dt.date(2025, 1, 24)
