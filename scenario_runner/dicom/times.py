"""Times of day as text, for DICOM (PS3.5 6.2: TM) and for people (ISO 8601)."""

from __future__ import annotations

import datetime as dt


def tm(time: dt.time) -> str:
    """A TM value to the second; of a time that has more, with three or six digits of fraction."""
    return iso_time(time).replace(":", "")


def iso_time(time: dt.time) -> str:
    """``09:30:15``, or ``09:30:15.250`` of a time that has more; without a time zone."""
    if not time.microsecond:
        return time.isoformat("seconds")
    return time.isoformat("microseconds" if time.microsecond % 1000 else "milliseconds")
