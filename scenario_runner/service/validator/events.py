"""What happens to a study of the validator: the events, their order, and the status they amount to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any, Final, Literal

from pydantic_core import to_json

from scenario_runner.lazy_dataclasses import dataclass

UPLOADED: Final = "study.uploaded"
REQUEST: Final = "validation.request"
SUCCESS: Final = "validation.success"
REFUSED: Final = "validation.failed"
VALIDATED: Final = "study.validated"
EXTRACTED: Final = "metadata.extracted"
KEPT: Final = "storage.completed"
PROCESSED: Final = "study.processed"
FAILED: Final = "study.failed"
"""Beside the course of events: a role has given up. It says which, at what, and why."""

NAMES: Final = (
    UPLOADED, REQUEST, SUCCESS, REFUSED, VALIDATED, EXTRACTED, KEPT, PROCESSED, FAILED,
)  # fmt: skip

Role = Literal["validator", "descriptor"]
ACTS: Final[Mapping[str, Role]] = {REQUEST: "validator", VALIDATED: "descriptor"}
"""Which role acts on an event; on all others nobody does."""
ASKED: Final = "asked"
"""In the data of ``UPLOADED`` who has handed the study in and from where, for the audit trail alone."""
TRAIL: Final = "trail"
"""What such an event waits for as others wait for a role: its entry in the audit trail."""

ENDS: Final = frozenset((REFUSED, PROCESSED, FAILED))
"""After these nothing happens to a study by itself."""

Status = Literal["received", "validating", "valid", "invalid", "storing", "stored", "failed"]
_STATUS: Final[Mapping[str, Status]] = {
    UPLOADED: "received",
    REQUEST: "validating",
    SUCCESS: "valid",
    REFUSED: "invalid",
    VALIDATED: "valid",
    EXTRACTED: "storing",
    KEPT: "storing",
    PROCESSED: "stored",
    FAILED: "failed",
}
_STUDY_ID: Final = re.compile(r"[0-9a-f]{32}")


def is_study_id(text: str) -> bool:
    """Whether a text can be what we call a study; nothing else ever becomes a path."""
    return _STUDY_ID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a study.

    turn: 0, and one more each time the study was put back after a role had given up. at: with zone. data: plain
    values that say more; no words of a file but in what is said to be wrong with it.
    """

    study: str
    name: str
    at: dt.datetime
    turn: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same for the same event, however often it is delivered."""
        return f"{self.study}.{self.turn}.{self.name}"

    @property
    def waits_for(self) -> Role | Literal["trail"] | None:
        """The role that has to act on it, or ``TRAIL``."""
        if self.name == UPLOADED and ASKED in self.data:
            return TRAIL
        return ACTS.get(self.name)

    def then(self, name: str, **data: Any) -> Event:
        """What follows it in the same turn."""
        return Event(self.study, name, now(), self.turn, data)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "study_id": self.study,
            "event": self.name,
            "at": self.at.isoformat(),
            "turn": self.turn,
            "data": dict(self.data),
        }


_MOST: Final = 1 << 31
"""Turns; each is somebody who has put a message back."""


def from_plain(value: Any) -> Event:
    """The event that a JSON value is, which can be written down. Raises ValueError for what is none."""
    match value:
        case {"study_id": str(study), "event": str(name), "at": str(at), "turn": int(turn)}:
            data = value.get("data")
            if (
                is_study_id(study)
                and name in NAMES
                and 0 <= turn <= _MOST
                and isinstance(data, dict)
            ):
                to_json(
                    data
                )  # raises for what the journal could not hold: half a pair of surrogates, a tree too deep
                return Event(study, name, dt.datetime.fromisoformat(at), turn, data)
    raise ValueError("this is no event of the validator")


def now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


def status_of(events: Iterable[Event]) -> Status:
    """What the course of events amounts to."""
    status: Status = "received"
    for event in events:
        status = _STATUS[event.name]
    return status
