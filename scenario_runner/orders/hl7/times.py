"""Time stamps of HL7 (TS, DTM) as DICOM has days and times, each as precise as it was written."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from scenario_runner.orders.unusable import Unusable

_TIME_STAMP: Final = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6})\d*)?)?)?)?)?)?"
    r"([+-]\d{4})?",
    re.ASCII,
)
_FARTHEST: Final = dt.timedelta(hours=14)
"""From UTC that a clock is."""
_LONG: Final = 64
"""Characters; shorter ones are remembered: a time stamp stands for a day and a time."""


def date(written: str) -> str | None:
    """TS or DTM: its day. Raises Unusable for none, and for one that is known to the month only."""
    parts = _moment(written)
    if not parts[2]:
        raise Unusable(
            f"'{''.join(part for part in parts if part)}' says no day",
            "a DICOM date has eight digits",
        )
    return "".join(parts[:3])


def time(written: str) -> str | None:
    """TS or DTM: its time of day, as precise as it is; None where it says only a day."""
    parts = _moment(written)
    if not parts[3]:
        return None
    return "".join(parts[3:6]) + (f".{parts[6]}" if parts[6] else "")


def at_site(written: str, zone: dt.tzinfo, usual: str = "") -> str:
    """A time stamp as the site's clocks had it then (HL7 2.5.1 2.A.22). Raises Unusable.

    usual: the offset of one that says none, as MSH-7 gives it for a whole message; without any the stamp stands, as
    does one that says no hour.
    """
    parts = _moment(written)
    offset = parts[7] or usual
    if not offset or not parts[3]:
        return written
    away = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
    if int(offset[3:]) > 59 or away > _FARTHEST:
        raise Unusable(f"'{offset}' is no offset from UTC", "+0900, 14 hours at most")
    year, month, day, hour, minute = (int(part or 0) for part in parts[:5])
    theirs = dt.timezone(-away if offset[0] == "-" else away)
    try:
        here = dt.datetime(year, month, day, hour, minute, tzinfo=theirs).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise Unusable(f"'{written}' is no moment: {error}", "YYYYMMDDHHMMSS") from None
    minutes = f"{here:%M}" if parts[4] or here.minute else ""
    fraction = f".{parts[6]}" if parts[6] else ""
    return f"{here.year:04}{here:%m%d%H}{minutes}{parts[5]}{fraction}"


def _moment(written: str) -> Sequence[str]:
    """Year, month, day, hour, minute, second, fraction, offset from UTC."""
    return _parsed(written) if len(written) < _LONG else _parsed.__wrapped__(written)


@lru_cache(maxsize=512)
def _parsed(written: str) -> Sequence[str]:
    match = _TIME_STAMP.fullmatch(written)
    if match is None:
        raise Unusable(f"'{written}' is no time stamp", "YYYYMMDDHHMMSS, as far as it is known")
    parts = tuple(part or "" for part in match.groups())
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    try:
        dt.date(year, month or 1, day or 1)
        dt.time(hour, minute, min(second, 59) if second <= 60 else second)
    except ValueError as error:
        raise Unusable(f"'{written}' is no moment: {error}", "YYYYMMDDHHMMSS") from None
    return parts
