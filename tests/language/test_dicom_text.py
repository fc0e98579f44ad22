"""Dates and times may be written as people do; a PACS gets what it understands."""

from __future__ import annotations

import pytest

from scenario_runner.language.dicom_text import as_dicom_text
from scenario_runner.language.templates import evaluate


@pytest.mark.parametrize(
    ("vr", "written", "sent"),
    [
        ("DA", "2026-01-31", "20260131"),
        ("DA", "20260131", "20260131"),
        ("DA", 20260131, "20260131"),
        ("DA", "2026-01-01-2026-01-31", "20260101-20260131"),
        ("DA", "20260101-", "20260101-"),
        ("DA", "-2026-01-31", "-20260131"),
        ("TM", "09:30", "0930"),
        ("TM", "09:30:15", "093015"),
        ("TM", "09:00-10:30:00", "0900-103000"),
        ("DT", "2026-01-31T09:30:15.5+01:00", "20260131093015.5+0100"),
        ("DT", "2026-01-31 09:30Z", "202601310930+0000"),
        ("DT", "2026-01-31", "20260131"),
        ("DT", "2026-01-30T08:00-2026-01-31T09:30", "202601300800-202601310930"),
        ("DT", "20260131093015+0100", "20260131093015+0100"),
        ("LO", "2026-01-31", "2026-01-31"),
        ("SH", "09:30", "09:30"),
    ],
)
def test_only_dates_and_times_change(vr: str, written: object, sent: str) -> None:
    assert as_dicom_text(vr, written) == sent


def test_the_filters_make_the_plan_comparable_with_a_match() -> None:
    assert evaluate("date | da", {"date": "2026-01-31"}) == "20260131"
    assert evaluate("time | tm", {"time": "09:30:15"}) == "093015"
