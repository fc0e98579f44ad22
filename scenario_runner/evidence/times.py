"""Times of events, which are ISO 8601 text. A log may be damaged, so nothing here raises."""

from __future__ import annotations

import datetime as dt


def moment(time: str | None) -> dt.datetime | None:
    """The time in UTC, which is also what a time without a zone means; None when it is no time."""
    try:
        parsed = dt.datetime.fromisoformat(time or "")
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
        return aware.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def seconds_between(begin: str | None, end: str | None) -> float:
    """Seconds from one time to another, never below 0; 0 when either is unknown."""
    first, last = moment(begin), moment(end)
    if first is None or last is None:
        return 0.0
    return max(0.0, round((last - first).total_seconds(), 3))
