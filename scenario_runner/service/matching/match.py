"""What a study was matched with, how surely, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """patient, order: their identifiers; empty where nothing is linked.

    score: from 0 to 1, of the best candidate, linked or not. chosen_by: the person who chose, if one did.
    """

    patient: str = ""
    issuer: str = ""
    order: str = ""
    accession: str = ""
    score: float = 0.0
    reasons: Sequence[str] = ()
    chosen_by: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values; what is not linked is null."""
        return {
            "patient": self.patient or None,
            "order": self.order or None,
            "score": round(self.score, 3),
            "reasons": list(self.reasons),
            "chosen_by": self.chosen_by or None,
        }
