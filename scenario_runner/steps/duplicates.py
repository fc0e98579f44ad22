"""Instances that a PACS has already and is sent again: judged as the site file says that it treats them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.api import StepContext

KEY = "expects.duplicates"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What a target had before a ``send``. held: SOP instance UIDs; none where it is not known to refuse them."""

    target: str
    held: Collection[str] = ()

    def fitting(self, statuses: Sequence[Mapping[str, Any]]) -> int:
        """How many more answers fit than those that say that an instance is stored: refused ones do, taken ones do not."""
        return self._count(statuses, "failure") - self._count(statuses, "success", "warning")

    def words(self, statuses: Sequence[Mapping[str, Any]]) -> str:
        """What a message adds; empty where nothing was sent again."""
        refused = self._count(statuses, "failure")
        taken = self._count(statuses, "success", "warning")
        text = f", {refused} refused as duplicates ({KEY})" if refused else ""
        if taken:
            text += f", {taken} taken again, though the site says that '{self.target}' refuses duplicates ({KEY})"
        return text

    def _count(self, statuses: Sequence[Mapping[str, Any]], *kinds: str) -> int:
        held = self.held
        if not held:
            return 0
        return sum(
            one["class"] in kinds and "earlier" not in one and one["sop_instance_uid"] in held
            for one in statuses
        )


def duplicates(context: StepContext, target: str, expect: str) -> Duplicates:
    """What a target is known to refuse. expect: what the step is to see; where that is a refusal, that counts."""
    refuses = context.target(target).expects.duplicates == "refused"
    if not refuses or context.is_to_fail or expect != "accepted":
        return Duplicates(target)
    return Duplicates(target, context.ledger.held(target).keys())
