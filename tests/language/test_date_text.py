"""A date of the plan is the same day as what a PACS answers, and other text stays what it is."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.dicom.times import iso_time, tm
from scenario_runner.language.date_text import DateText
from scenario_runner.language.templates import evaluate

DAYS = st.dates(dt.date(1000, 1, 1))


@given(DAYS, DAYS)
def test_days_compare_as_days_in_either_form(one: dt.date, other: dt.date) -> None:
    planned, answered = DateText(one.isoformat()), f"{other:%Y%m%d}"
    assert (planned == answered) is (answered == planned) is (one == other)
    assert (planned != answered) is (one != other)
    assert (planned < answered) is (answered > planned) is (one < other)
    assert (planned >= answered) is (answered <= planned) is (one >= other)


@given(st.times(), st.times())
def test_times_compare_to_their_fraction(one: dt.time, other: dt.time) -> None:
    planned = DateText(iso_time(one))
    assert (planned == tm(other)) is (one == other)
    assert (planned < tm(other)) is (one < other)


@pytest.mark.parametrize("answered", ["0930", "093000", "093000.000", "09:30"])
def test_what_a_time_leaves_out_is_nought(answered: str) -> None:
    assert DateText("09:30:00") == answered


@pytest.mark.parametrize("other", ["20260130", "2026013", "", "20260131-", 20260131, None])
def test_nothing_else_is_the_same_day(other: object) -> None:
    assert DateText("2026-01-31") != other


def test_a_date_and_a_time_are_ordered_as_text() -> None:
    assert DateText("2026-01-31") > "0930"
    assert DateText("2026-01-31") < "x"


def test_it_is_plain_text_wherever_it_is_written() -> None:
    date = DateText("2026-01-31")
    assert json.dumps({"date": date}) == '{"date": "2026-01-31"}'
    assert isinstance(copy.deepcopy(date), DateText)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("date == '20260131'", True),
        ("'20260131' == date", True),
        ("date in ['20260130', '20260131']", True),
        ("date < '20260201'", True),
        ("date >= '20260201'", False),
        ("date ~ ''", "2026-01-31"),
        ("date[:4]", "2026"),
    ],
)
def test_expressions_know_both_forms(expression: str, value: object) -> None:
    assert evaluate(expression, {"date": DateText("2026-01-31")}) == value
