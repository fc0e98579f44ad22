"""Dates and times as people type them reach a PACS as the Standard writes them, or are refused."""

from __future__ import annotations

import pytest

from scenario_runner.app.typed_queries import keys
from scenario_runner.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("StudyDate=20260131", "20260131"),
        ("StudyDate= 2026-01-31 ", "20260131"),
        ("00080020=2026.01.31", "20260131"),
        ("StudyDate=20260101-20260131", "20260101-20260131"),
        ("StudyDate=2026-01-01 - 2026-01-31", "20260101-20260131"),
        ("StudyDate=2026-01-01..2026-01-31", "20260101-20260131"),
        ("StudyDate=2026-01-01/2026-01-31", "20260101-20260131"),
        ("StudyDate=2026-01-01 to 20260131", "20260101-20260131"),
        ("StudyDate=2026-01-01-", "20260101-"),
        ("StudyDate=-2026-01-31", "-20260131"),
        ("StudyDate=", ""),
        ("StudyDate=*", "*"),
        ("StudyDate=2026*", "2026*"),
        ("StudyTime=08:15", "0815"),
        ("StudyTime=08:15:30.25", "081530.25"),
        ("StudyTime=08-09:30", "08-0930"),
        ("PatientName=31.01.2026", "31.01.2026"),
        ("(0009,xx01) ACME=31.01.2026", "31.01.2026"),
    ],
)
def test_a_date_or_time_is_asked_for_as_the_standard_writes_it(typed: str, asked: str) -> None:
    assert list(keys([typed]).values()) == [asked]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("StudyDate=31.01.2026", "StudyDate: '31.01.2026' is no date"),
        ("StudyDate=01/31/2026", "is no date"),
        ("StudyDate=20261331", "is no date"),
        ("StudyDate=2026-02-30", "is no date"),
        ("StudyDate=2026", "is no date"),
        ("StudyDate=-", "is no date"),
        ("StudyDate=today", "is no date"),
        ("StudyDate=٢٠٢٦٠١٣١", "is no date"),
        ("StudyTime=8:15", "is no time"),
        ("StudyTime=24:00", "is no time"),
    ],
)
def test_what_is_no_date_or_time_is_refused_and_not_asked_for(typed: str, said: str) -> None:
    """A PACS has no match for it, which reads as if there were no such study."""
    with pytest.raises(UsageError, match=said) as refused:
        keys([typed])
    assert refused.value.hint is not None
    assert "a range is" in refused.value.hint


def test_a_key_that_is_given_twice_is_refused_and_not_the_first_forgotten() -> None:
    with pytest.raises(UsageError, match="'PatientID' is given twice") as refused:
        keys(["PatientID=A\\B", "patientid=C"])
    assert refused.value.hint is not None
    assert r"'PatientID=A\B\C'" in refused.value.hint
