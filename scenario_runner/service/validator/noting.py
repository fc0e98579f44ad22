"""The entry in the audit trail of each study that somebody handed to the validator, also when the process was killed before it.

The journal holds with the study that its entry is missing; who finds that so at the start writes it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import MachineError
from scenario_runner.service.audit.activities import Activity, Outcome
from scenario_runner.service.permissions import SERVICE
from scenario_runner.service.validator.events import (
    ASKED,
    ENDS,
    TRAIL,
    UPLOADED,
    Event,
    status_of,
)

if TYPE_CHECKING:
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.audit.trail import Trail
    from scenario_runner.service.validator.journal import Journal, Pending

LOGGER = logging.getLogger(__name__)
_STOPPED: Final = "the server stopped before the upload was answered"
_LATE: Final = "it was answered before its way had ended"
_LAST: Final = 1_000
"""Entries among which one is that was written right before a kill."""


class Noting:
    """Writes the entries. Safe between threads."""

    def __init__(self, trail: Trail, journal: Journal) -> None:
        self._trail, self._journal = trail, journal
        self._left: dict[str, tuple[Pending, str]] = {}
        """Studies whose way had not ended when nobody waited for them any more; why nobody does."""
        self._lock = threading.Lock()
        journal.listen(self._told)

    def asked(self, asking: Asking) -> dict[str, str]:
        """What the journal keeps of who asks, until the entry is written."""
        return {"by": asking.caller.name, "from": asking.from_where}

    def note(self, asking: Asking, study: str, status: int, *, ended: bool) -> None:
        """Write the entry of a study that is about to be answered with a status. Raises MachineError.

        ended: whether its way has; one whose way goes on has a further entry then.
        """
        outcome = Outcome.SUCCESS if status == 201 else Outcome.FAILED
        detail = {"validator": study, "status": status}
        self._trail.record(
            asking.caller, Activity.UPLOADED, None, asking.from_where, outcome, detail
        )
        if not ended:
            self._leave([one for one in self._pending() if one.event.study == study], _LATE)
            return
        number = self._journal.number_of(study, 0, UPLOADED)
        if number is not None:
            self._journal.write(done=[number])

    def settle(self) -> None:
        """Write what a killed process has left, now or when the way of a study ends. Raises MachineError."""
        pending = self._pending()
        if not pending:
            return
        noted = {
            one.detail.get("validator")
            for one in self._trail.latest(_LAST)
            if one.what is Activity.UPLOADED and one.detail.get("status") != 503
        }
        self._journal.write(done=[one.seq for one in pending if one.event.study in noted])
        self._leave([one for one in pending if one.event.study not in noted], _STOPPED)

    def _pending(self) -> list[Pending]:
        return [one for one in self._journal.pending() if one.role == TRAIL]

    def _leave(self, pending: Sequence[Pending], why: str) -> None:
        with self._lock:
            self._left |= {one.event.study: (one, why) for one in pending}
        for one in pending:  # some have ended before anybody was told
            self._told(self._journal.events(one.event.study))

    def _told(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.name not in ENDS:
                continue
            with self._lock:
                left = self._left.pop(event.study, None)
            if left is not None:
                self._settle(*left, event)

    def _settle(self, uploaded: Pending, why: str, end: Event) -> None:
        asked: Mapping[str, str] = uploaded.event.data[ASKED]
        became = status_of([end])
        detail = {
            "validator": end.study, "became": became, "error": why, "asked_by": asked.get("by", "")
        }  # fmt: skip
        outcome = Outcome.SUCCESS if became == "stored" else Outcome.FAILED
        try:
            self._trail.record(
                SERVICE, Activity.UPLOADED, None, asked.get("from", ""), outcome, detail
            )
        except MachineError as error:  # the journal still has it, for the next start
            LOGGER.warning("study %s is not in the audit trail yet: %s", end.study, error.message)
            return
        self._journal.write(done=[uploaded.seq])
