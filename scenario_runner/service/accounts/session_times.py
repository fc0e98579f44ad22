"""How long sessions last."""

from __future__ import annotations

import datetime as dt

from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long a session lasts while nobody uses it, and at most (OWASP ASVS 5.0, 7.3)."""

    idle: dt.timedelta = dt.timedelta(minutes=30)
    absolute: dt.timedelta = dt.timedelta(hours=12)

    def are_over(self, begun: dt.datetime, seen: dt.datetime, moment: dt.datetime) -> bool:
        """Whether a session that was begun, and last used, then has ended by a moment."""
        return moment - seen >= self.idle or moment - begun >= self.absolute
