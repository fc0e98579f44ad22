"""Python values as DICOM text."""

from __future__ import annotations

import datetime as dt


def da(day: dt.date) -> str:
    """A DA value."""
    return f"{day:%Y%m%d}" if day.year >= 1000 else f"{day.year:04d}{day:%m%d}"


def tm(time: dt.time) -> str:
    """A TM value to the second."""
    return f"{time:%H%M%S}"


def ds(number: float) -> str:
    """A DS value: the shortest decimal that is exact to 10 significant digits, at most 16 bytes."""
    text = f"{number:.10g}"
    if "e" in text:
        text = f"{number:.8e}"
    return "0" if text == "-0" else text


def later(day: dt.date, time: dt.time, seconds: float) -> tuple[str, str]:
    """DA and TM of a moment some seconds after a date and time."""
    moment = dt.datetime.combine(day, time) + dt.timedelta(seconds=int(seconds))
    return da(moment.date()), tm(moment.time())


def age(birth: dt.date, on: dt.date) -> str | None:
    """An AS value (PS3.5 6.2): whole years, below 2 years months, below 2 months days.

    None when the study is before the birth.
    """
    if on < birth:
        return None
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    if years >= 2:
        return f"{min(years, 999):03d}Y"
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    if months >= 2:
        return f"{months:03d}M"
    return f"{(on - birth).days:03d}D"
