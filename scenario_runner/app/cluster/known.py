"""What earlier attempts of a part told of the instances they sent, for the one that takes it over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scenario_runner.app.earlier_runs import EarlierSends

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import RunLedger

Key = tuple[str, str, str]
"""Step, target, image."""


class Known:
    """What is known of a part that others began."""

    def __init__(self, ledger: RunLedger, part: str, case: str) -> None:
        self.sends = EarlierSends()
        self.acknowledged = 0
        self._run, self._case = ledger.run, case
        self._about: dict[Key, str] = {}
        self.sends.take(self._events(ledger, part))
        self.sends.take(self._unanswered())

    def unknown(self) -> list[dict[str, Any]]:
        """``{step, target, image}`` of each that may have been sent."""
        return [
            {"step": step, "target": target, "image": image} for step, target, image in self._about
        ]

    def _events(self, ledger: RunLedger, part: str) -> Iterator[dict[str, Any]]:
        for entry in ledger.told(part):
            said = json.loads(entry.data)
            if entry.kind == "about":
                place = (said["step"], said["target"])
                self._about.update({(*place, image): uid for image, uid in said["images"]})
                continue
            for event in said:
                if event["event"] == "instance_sent":
                    self._about.pop((event["id"], event["target"], event["image"]), None)
                    self.acknowledged += bool(event["stored"])
                    yield {**event, "earlier": event["earlier"] or self._run, "told": True}
                elif event["event"] in ("deletion", "study_compared"):
                    yield {**event, "earlier": event.get("earlier") or self._run}

    def _unanswered(self) -> Iterator[dict[str, Any]]:
        for (step, target, image), uid in self._about.items():
            yield {
                "event": "instance_sent",
                "case": self._case,
                "id": step,
                "target": target,
                "image": image,
                "uid": uid,
                "status": None,
                "stored": False,
                "maybe_stored": True,
                "comment": "",
                "earlier": self._run,
                "told": True,
            }
