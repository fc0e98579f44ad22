"""Dates and times of FHIR as DICOM has them: a day, a time of day, an offset from UTC."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from scenario_runner.dicom import forms
from scenario_runner.orders.unusable import Unusable

if TYPE_CHECKING:
    from scenario_runner.orders.fhir.reading import Reading

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_FARTHEST = 14
"""Hours from UTC that a clock is."""


def _moment(value: Any) -> tuple[str, ...]:
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Unusable(f"'{value}' is no date or dateTime", "2026-01-31T08:30:00+01:00")
    return tuple(part or "" for part in match.groups())


def date(value: Any, reading: Reading) -> str | None:
    """The day. Raises Unusable for a year or a month alone, which DA cannot hold (PS3.5 6.2)."""
    del reading
    parts = _moment(value)
    if not parts[2]:
        known = "the month" if parts[1] else "the year"
        raise Unusable(
            f"'{value}' is known to {known} only, and a DICOM date is a day", left_out=True
        )
    if not forms.is_date("".join(parts[:3])):
        raise Unusable(f"'{value}' is no day of the calendar")
    return "".join(parts[:3])


def time(value: Any, reading: Reading) -> str | None:
    """The time of day, as precise as it is and in its own time zone; None for a day alone."""
    del reading
    parts = _moment(value)
    if not parts[3]:
        return None
    if parts[3] > "23" or parts[4] > "59" or parts[5] > "60":
        raise Unusable(f"'{value}' is no time of day")
    return "".join(parts[3:6]) + (f".{parts[6][:6]}" if parts[6] else "")


def offset(value: Any, reading: Reading) -> str | None:
    """Of local time from UTC: +0100."""
    del reading
    zone = _moment(value)[7]
    if not zone:
        return None
    return "+0000" if zone in ("Z", "-00:00") else zone.replace(":", "")


def zone_of(value: Any) -> dt.tzinfo | None:
    """The offset from UTC that a dateTime gives; None where it gives none, or is none."""
    match = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None or not match[8]:
        return None
    if match[8] == "Z":
        return dt.UTC
    hours, minutes = int(match[8][1:3]), int(match[8][4:])
    if hours > _FARTHEST or minutes > 59:
        return None
    away = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-away if match[8][0] == "-" else away)


def at_zone(value: Any, zone: dt.tzinfo | None) -> Any:
    """A dateTime as clocks of that zone had it; what says no time or no offset stays as it is."""
    theirs = zone_of(value)
    if zone is None or theirs is None:
        return value
    year, month, day, hour, minute, second, fraction = _moment(value)[:7]
    try:
        there = dt.datetime(
            int(year), int(month), int(day), int(hour), int(minute), tzinfo=theirs
        ).astimezone(zone)
    except (ValueError, OverflowError):
        return value  # which its reader judges
    seconds = f":{second}" if second else ""
    return f"{there:%Y-%m-%dT%H:%M}{seconds}" + (f".{fraction}" if fraction else "")
