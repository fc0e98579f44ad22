"""What became of each instance that was sent: the last word of each step about it, put to the images of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from scenario_runner.evidence.record_plan import PatientRecord, SentRecord


class SentImages:
    """The last word about each instance; most are alike, and those share one list of records.

    There may be a million, so that each costs no more than its place in a dictionary.
    """

    def __init__(self) -> None:
        self._of_case: dict[str, dict[str, list[SentRecord]]] = {}
        self._alike: dict[tuple[Any, ...], SentRecord] = {}
        self._lists: dict[tuple[int, ...], list[SentRecord]] = {}

    def take(self, event: Mapping[str, Any]) -> None:
        """Take an ``InstanceSent`` of the log. Raises KeyError, TypeError for one that makes no sense."""
        names = ("id", "target", "status", "stored", "maybe_stored", "earlier")
        step, to, status, stored, maybe, earlier = said = tuple(event[name] for name in names)
        record = self._alike.setdefault(
            said,
            {"step": step, "to": to, "status": status, "stored": stored, "maybe_stored": maybe,
             "earlier": earlier},
        )  # fmt: skip
        images = self._of_case.setdefault(event["case"], {})
        before = images.get(event["image"], ())
        now = [*(one for one in before if one["step"] != step), record]
        images[event["image"]] = self._lists.setdefault(tuple(map(id, now)), now)

    def mark(self, case: str, patients: Iterable[PatientRecord]) -> None:
        """Put what was said to the images of a case's plan, and forget it."""
        images = self._of_case.pop(case, None)
        if not images:
            return
        for patient in patients:
            for study in patient.get("studies", ()):
                for series in study.get("series", ()):
                    for image in series.get("images", ()):
                        if said := images.get(image.get("key", "")):
                            image["sent"] = said
