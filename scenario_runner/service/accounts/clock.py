"""What time it is, for whatever ends at some time; tests give another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]


def now() -> dt.datetime:
    """In UTC."""
    return dt.datetime.now(dt.UTC)
