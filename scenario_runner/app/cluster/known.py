"""What earlier attempts of a part told of the instances they sent, for the one that takes it over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.app.earlier_runs import EarlierSends
from scenario_runner.events import TakenOver

if TYPE_CHECKING:
    from scenario_runner.app.cluster.ledger import Claim, RunLedger

Key = tuple[str, str, str]
"""Step, target, image."""


class Known:
    """What is known of parts of one case that others began."""

    def __init__(self, ledger: RunLedger, parts: Sequence[str], case: str) -> None:
        self.sends = EarlierSends()
        self.stored: set[str] = set()
        """Keys of images that were acknowledged."""
        self._about: dict[Key, str] = {}
        for event in told_in_ledger(ledger, parts, case, self._about):
            if event["event"] == "instance_sent" and event["stored"]:
                self.stored.add(event["image"])
            self.sends.take([{**event, "told": True}])

    @property
    def acknowledged(self) -> int:
        """How many instances are known to be stored."""
        return len(self.stored)

    def unknown(self) -> list[dict[str, Any]]:
        """``{step, target, image}`` of each that may have been sent."""
        return [
            {"step": step, "target": target, "image": image} for step, target, image in self._about
        ]

    def taken_over(self, case: str, part: str, worker: str, claim: Claim) -> TakenOver:
        """The event that tells who goes on, and from what. part: of the case's large send; empty for the case."""
        return TakenOver(
            case=case,
            part=part,
            worker=worker,
            before=claim.before,
            attempt=claim.attempt,
            acknowledged=self.acknowledged,
            unknown=self.unknown(),
        )


def told_in_ledger(
    ledger: RunLedger, parts: Sequence[str], case: str, about: dict[Key, str] | None = None
) -> Iterator[dict[str, Any]]:
    """What was told in parts of a case of instances and deletions, in that order, then each instance that was about to be sent and has no answer.

    As events of the run's log, each with the run it is from as ``earlier``. about: filled with those that have
    no answer, and their UIDs.
    """
    waiting = {} if about is None else about
    for entry in ledger.told(parts):
        said = json.loads(entry.data)
        if entry.kind == "about":
            place = (said["step"], said["target"])
            waiting.update({(*place, image): uid for image, uid in said["images"]})
            continue
        for event in said:
            if event["event"] == "instance_sent":
                waiting.pop((event["id"], event["target"], event["image"]), None)
            if event["event"] in ("instance_sent", "deletion", "study_compared"):
                yield {**event, "earlier": event.get("earlier") or ledger.run}
    for (step, target, image), uid in waiting.items():
        yield {
            "event": "instance_sent",
            "case": case,
            "id": step,
            "target": target,
            "image": image,
            "uid": uid,
            "status": None,
            "stored": False,
            "maybe_stored": True,
            "comment": "",
            "earlier": ledger.run,
        }
