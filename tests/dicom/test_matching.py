"""Matching by PS3.4 C.2.2.2: what a query finds, and what it must not find."""

from __future__ import annotations

import time
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_runner.dicom.matching import matcher, wildcard


def matches(vr: str, key: str | list[str], *values: str) -> bool:
    test = matcher(vr, [key] if isinstance(key, str) else key)
    return test is None or test(values)


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("LO", "PID1", "PID1", True),
        ("LO", "pid1", "PID1", False),
        ("LO", "PID", "PID1", False),
        ("LO", "PID?", "PID1", True),
        ("LO", "PID?", "PID", False),
        ("SH", "A*1", "A0001", True),
        ("SH", "*", "", True),
        ("CS", "C?", "CT", True),
        ("CS", "c?", "CT", False),
        ("LO", "A.C", "ABC", False),
        ("LT", "*second*", "first\nsecond\nthird", True),
        ("UI", "1.2.*", "1.2.3", False),
        ("DA", "2026*", "20260131", False),
        ("IS", "7", "007", True),
        ("DS", "1.50", "1.5", True),
        ("IS", "7", "8", False),
        ("US", "512", "512", True),
    ],
)
def test_single_values_and_wildcards(vr: str, key: str, value: str, *, expected: bool) -> None:
    assert matches(vr, key, value) is expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("citizen^jane", "CITIZEN^JANE", True),
        ("CITIZEN^JANE^^^", "CITIZEN^JANE", True),
        ("CITIZEN^JANE", "CITIZEN^JANE^^", True),
        ("CITIZEN", "CITIZEN^JANE", False),
        ("cit*", "CITIZEN^JANE", True),
        ("*jane", "CITIZEN^JANE", True),
        ("CITIZEN^*", "CITIZEN", True),
        ("CITIZEN^*", "CITIZENRY", False),
        ("CITIZEN ^ JANE", "CITIZEN^JANE", True),
        ("山田^太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("*やまだ*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("=山田*", "Yamada^Tarou=山田^太郎", True),
        ("=山田*", "山田^太郎", False),
        ("yamada^tarou=鈴木*", "Yamada^Tarou=山田^太郎", False),
        ("ÄRGER^*", "ärger^max", True),
        ("straße", "STRASSE", True),
    ],
)
def test_person_names(key: str, value: str, *, expected: bool) -> None:
    assert matches("PN", key, value) is expected


@pytest.mark.parametrize(
    ("vr", "key", "value", "expected"),
    [
        ("DA", "20260101-20260131", "20260131", True),
        ("DA", "20260101-20260131", "20260201", False),
        ("DA", "-20260131", "19991231", True),
        ("DA", "20260131-", "20260130", False),
        ("DA", "20260131", "2026.01.31", True),
        ("TM", "0930", "093000", True),
        ("TM", "0930", "093059.999", True),
        ("TM", "0930", "093100", False),
        ("TM", "09-10", "105959", True),
        ("TM", "090000-093000", "093000.5", True),
        ("TM", "09:30:00", "093000", True),
        ("DT", "20260131093000-20260131100000", "20260131095959.5", True),
        ("DT", "20260131-20260201", "20260131120000", True),
        ("DT", "20260131120000+0200", "20260131100000+0000", True),
        ("DT", "20260131120000-0500", "20260131170000+0000", True),
        ("DT", "2025-2026", "20260131", True),
        ("DA", "yesterday", "20260131", False),
        ("DA", "20260101-20260131", "", False),
    ],
)
def test_dates_and_times(vr: str, key: str, value: str, *, expected: bool) -> None:
    assert matches(vr, key, value) is expected


def test_any_value_of_a_list_of_uids_and_of_a_multi_valued_attribute_matches() -> None:
    assert matches("UI", ["1.2.3", "1.2.4"], "1.2.4")
    assert not matches("UI", ["1.2.3", "1.2.4"], "1.2.5")
    assert matches("CS", "PRIMARY", "ORIGINAL", "PRIMARY")


def test_an_empty_key_or_a_lone_star_matches_everything() -> None:
    assert matcher("LO", []) is None
    assert matcher("PN", ["**"]) is None
    assert matches("PN", "*")


def test_an_empty_attribute_matches_no_key_that_asks_for_something() -> None:
    assert not matches("LO", "?*")
    assert not matches("DA", "-20260131")


def slow_wildcard(pattern: str, text: str) -> bool:
    """The definition, letter by letter."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return slow_wildcard(pattern[1:], text) or (bool(text) and slow_wildcard(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and slow_wildcard(pattern[1:], text[1:])


@given(st.text("ab?*.^", max_size=8), st.text("ab.^\n", max_size=8))
def test_wildcards_mean_what_their_definition_says(pattern: str, text: str) -> None:
    assert (wildcard(pattern).fullmatch(text) is not None) is slow_wildcard(pattern, text)


def test_a_hostile_pattern_cannot_make_matching_slow() -> None:
    started = time.perf_counter()
    assert wildcard("*a" * 60 + "*b").fullmatch("a" * 10_000) is None
    assert time.perf_counter() - started < 5.0


_DATES = st.dates(date(1900, 1, 1), date(2100, 12, 31))


@given(_DATES, _DATES, _DATES)
def test_a_range_of_dates_has_exactly_the_days_between(low: date, high: date, day: date) -> None:
    key = f"{low:%Y%m%d}-{high:%Y%m%d}"
    assert matches("DA", key, f"{day:%Y%m%d}") is (low <= day <= high)


_MOMENTS = st.integers(0, 24 * 3600 - 1)


@given(_MOMENTS, _MOMENTS, _MOMENTS, st.sampled_from((2, 4, 6)))
def test_a_range_of_times_covers_all_that_its_ends_stand_for(
    low: int, high: int, moment: int, digits: int
) -> None:
    def clock(seconds: int, digits: int) -> str:
        return str(timedelta(seconds=seconds)).replace(":", "").zfill(6)[:digits]

    unit = {2: 3600, 4: 60, 6: 1}[digits]
    expected = low // unit <= moment // unit <= high // unit
    key = f"{clock(low, digits)}-{clock(high, digits)}"
    assert matches("TM", key, clock(moment, 6)) is expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_key_and_no_value_break_matching(key: str, value: str) -> None:
    for vr in ("AE", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "TM", "UI"):
        assert matches(vr, key, value) in (True, False)
