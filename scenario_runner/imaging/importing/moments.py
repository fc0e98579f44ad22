"""Dates of one patient, all moved by the same number of days."""

from __future__ import annotations

import datetime as dt
import re

_DA = re.compile(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_DT = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?([+-]\d{4})?")


def parse_da(text: str) -> dt.date | None:
    """A DA value, also in the old form with periods; None for anything else (PS3.5 6.2)."""
    match = _DA.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def shift_da(text: str, days: int) -> str | None:
    """A DA value some days later; None when it is no date, or no longer one."""
    day = parse_da(text)
    return None if day is None else _later(day, days)


def shift_dt(text: str, days: int) -> str | None:
    """A DT value some days later, as precise as it was, its time and offset from UTC kept."""
    match = _DT.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    year, month, day, rest, offset = match.groups()
    try:
        date = dt.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    moved = _later(date, days)
    if moved is None:
        return None
    length = 4 + 2 * (month is not None) + 2 * (day is not None)
    return moved[:length] + (rest or "") + (offset or "")


def _later(day: dt.date, days: int) -> str | None:
    try:
        moved = day + dt.timedelta(days=days)
    except OverflowError:
        return None
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
