"""Moments as evidence writes them."""

from __future__ import annotations

import datetime as dt


def utc_text(moment: dt.datetime) -> str:
    """ISO 8601 with milliseconds and ``Z``."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
