"""One entry of the audit trail, and the digest that ties it to the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity, Outcome

BEGINNING: Final = "0" * 64
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what, when, from where, and how it ended. It is as it was written."""

    number: int
    """1 for the first; each the next."""
    at: str
    """UTC, ISO 8601 with microseconds and Z."""
    caller: str
    roles: str
    arrival: str
    what: Activity
    study: str | None
    """A Study Instance UID; None where none is concerned, or not one."""
    from_where: str
    """The address of whoever asked; empty for what the service does by itself."""
    outcome: Outcome
    detail: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""
    """SHA-256 in hexadecimal over the digest before and ``content``."""

    @property
    def content(self) -> str:
        """What is signed for, in one form: JSON with sorted names and no spaces, without the digest."""
        return json.dumps(
            {
                "number": self.number,
                "at": self.at,
                "caller": self.caller,
                "roles": self.roles,
                "arrival": self.arrival,
                "what": self.what,
                "study": self.study,
                "from_where": self.from_where,
                "outcome": self.outcome,
                "detail": dict(self.detail),
            },
            ensure_ascii=True,
            sort_keys=True,
            separators=(",", ":"),
        )

    def after(self, before: str) -> str:
        """The digest this entry has to have when the one before has ``before``."""
        return hashlib.sha256(f"{before}\n{self.content}".encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {**json.loads(self.content), "digest": self.digest}
