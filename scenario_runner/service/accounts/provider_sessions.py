"""Sessions of people who have logged in at a provider: in memory, for they have no account here.

After a restart they log in once more, which the provider does without asking them again; and what it has taken from
them meanwhile is gone here, too.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.secrets import SESSION, digest, fresh

if TYPE_CHECKING:
    from scenario_runner.service.accounts.session_times import SessionTimes
    from scenario_runner.service.permissions import Caller

_MOST: Final = 10_000
"""Sessions; of more the one that was begun first ends."""


@dataclass(slots=True)
class _Kept:
    caller: Caller
    begun: dt.datetime
    seen: dt.datetime


class ProviderSessions:
    """Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def begin(self, caller: Caller, moment: dt.datetime) -> str:
        """A new session; returns the secret for the cookie."""
        made = fresh(SESSION)
        with self._lock:
            self._kept[digest(made)] = _Kept(caller, moment, moment)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return made

    def caller(
        self, session: str, moment: dt.datetime, times: SessionTimes, *, used: bool
    ) -> Caller | None:
        """Whose session it is; None when there is none, or it has ended. used: whether it goes on from now."""
        with self._lock:
            found = self._kept.get(digest(session))
            if found is None:
                return None
            if times.are_over(found.begun, found.seen, moment):
                del self._kept[digest(session)]
                return None
            if used:
                found.seen = moment
            return found.caller

    def begun(self, session: str) -> dt.datetime | None:
        """When it was begun; None when there is none."""
        with self._lock:
            found = self._kept.get(digest(session))
            return None if found is None else found.begun

    def end(self, session: str) -> None:
        """The secret is worth nothing from now on."""
        with self._lock:
            self._kept.pop(digest(session), None)
