"""What an import did, as counts by attribute: no value, old or new, is ever in here."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import Any

from scenario_runner.lazy_dataclasses import dataclass


@dataclass(slots=True)
class Tally:
    """Counts over all instances of an import."""

    removed: Counter[str] = field(default_factory=Counter)
    emptied: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    identifying: Counter[str] = field(default_factory=Counter)
    """Texts that would have stayed, but held a name or number of the patient."""
    private_removed: int = 0
    private_kept: int = 0
    uids: int = 0
    """UID values that were mapped, references included."""
    dates: int = 0
    """Date values that were moved."""
    character_sets: Counter[str] = field(default_factory=Counter)
    """``ISO_IR 100 to ISO_IR 192``: where the declaration had to change."""
    pictured: Counter[str] = field(default_factory=Counter)
    """Instances whose pixels may show somebody, taken in all the same, by reason."""

    def plain(self) -> dict[str, Any]:
        """For the record: the most frequent first."""
        counters = {
            "attributes_removed": self.removed,
            "attributes_emptied": self.emptied,
            "attributes_replaced": self.replaced,
            "texts_with_identity_replaced": self.identifying,
            "character_set_changed": self.character_sets,
            "pixels_not_vouched_for": self.pictured,
        }
        return {
            "uids_mapped": self.uids,
            "dates_shifted": self.dates,
            "private_removed": self.private_removed,
            "private_kept": self.private_kept,
            **{name: dict(counter.most_common()) for name, counter in counters.items()},
        }
