"""Moments as evidence writes them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECONDS = tuple(f".{each:03}Z" for each in range(1000))


def utc_text(moment: dt.datetime) -> str:
    """ISO 8601 with milliseconds and ``Z``."""
    since = moment.astimezone(dt.UTC) - _EPOCH
    # Of the thousands of events of a second each says the same but for the milliseconds.
    return _second(since.days, since.seconds) + _MILLISECONDS[since.microseconds // 1000]


@lru_cache(maxsize=8)
def _second(days: int, seconds: int) -> str:
    whole = _EPOCH + dt.timedelta(days, seconds)
    return whole.replace(tzinfo=None).isoformat()
