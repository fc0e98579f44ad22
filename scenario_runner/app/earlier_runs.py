"""What a run that is repeated knew of every instance it sent, from its events."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.api import SentEarlier, StoreStatus
from scenario_runner.app.folder import write_with
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.write import EVENTS
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.planning.plan import PlannedImage

EARLIER = "inputs/earlier.ndjson"
"""What the run that was repeated knew, for whoever repeats the repetition."""
_CUT = "step_cut"


@dataclass(slots=True)
class EarlierSends:
    """The last word about each instance, and the deletions since. A later run's word counts."""

    _said: dict[tuple[str, str, str, str], tuple[int, SentEarlier]] = field(default_factory=dict)
    """(case, step, target, image) to when it was said, and what."""
    _deleted: dict[tuple[str, str, str], tuple[int, bool]] = field(default_factory=dict)
    """(case, target, study) to when its deletion began or, True, was done."""
    _touched: dict[tuple[str, str], int] = field(default_factory=dict)
    """(case, study) to when it was last deleted anywhere: two targets may be two ways to one PACS."""
    _cut: dict[tuple[str, str], str] = field(default_factory=dict)
    """Steps that were under way when their run was killed, and that run."""
    _equal: dict[tuple[str, str, str, str, str], tuple[int, str, int]] = field(default_factory=dict)
    """(case, step, source, target, study) of what was found equal: when, in which run, and its instances."""
    _now: int = 0

    def take(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Take the events that ``told_of_instances`` yields; those of an earlier run first."""
        for _ in self.taking(events):
            pass

    def taking(self, events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The same events, each taken: what workers still tell makes a second look at a ledger another one."""
        for event in events:
            self._now += 1
            place = (str(event["case"]), str(event["id"]))
            if event["event"] == _CUT:
                self._cut[place] = str(event["run"])
            elif event["event"] == "deletion":
                for study in event["studies"]:
                    key = (place[0], str(event["target"]), str(study))
                    self._deleted[key] = (self._now, bool(event["done"]))
                    self._touched[place[0], str(study)] = self._now
            elif event["event"] == "study_compared":
                self._take_compared(place, event)
            else:
                self._take_instance(place, event)
            yield event

    def _take_compared(self, place: tuple[str, str], event: Mapping[str, Any]) -> None:
        key = (*place, str(event["source"]), str(event["target"]), str(event["study"]))
        if event["outcome"] == "equal":
            self._equal[key] = (self._now, str(event["earlier"]), int(event["instances"]))
        else:
            self._equal.pop(key, None)

    def compared_of(
        self, case: str, trusted: Mapping[str, bool]
    ) -> Callable[[str, str, str, str], tuple[str, int] | None]:
        """How a case asks: step id, source, target, study. trusted: targets that keep what they had."""

        def ask(step: str, source: str, target: str, study: str) -> tuple[str, int] | None:
            found = self._equal.get((case, step, source, target, study))
            if found is None or not (trusted.get(source) and trusted.get(target)):
                return None
            when, run, instances = found
            return None if self._touched.get((case, study), 0) > when else (run, instances)

        return ask

    def _take_instance(self, place: tuple[str, str], event: Mapping[str, Any]) -> None:
        status = None if event["status"] is None else int(event["status"], 16)
        said = SentEarlier(
            run=str(event["earlier"]),
            status=StoreStatus(
                sop_instance_uid=str(event["uid"]),
                sop_class_uid="",
                status=status,
                comment=str(event["comment"]),
                maybe_stored=bool(event["maybe_stored"]),
                verdict="warning" if event["stored"] and status else None,
            ),
            stored=bool(event["stored"]),
            doubtful=bool(event["maybe_stored"]) and not event["stored"],
            told=bool(event.get("told")),
        )
        key = (*place, str(event["target"]), str(event["image"]))
        before = self._said.get(key)
        # As in a ledger: a later failure does not undo a success.
        if before is None or said.stored or not before[1].stored:
            self._said[key] = (self._now, said)

    def of(
        self, case: str, trusted: Mapping[str, bool]
    ) -> Callable[[str, PlannedImage, str], SentEarlier | None]:
        """How a case asks: step id, image, target. trusted: targets that keep what they had."""
        return partial(self._ask, case, trusted)

    def _ask(
        self, case: str, trusted: Mapping[str, bool], step: str, image: PlannedImage, target: str
    ) -> SentEarlier | None:
        if not trusted.get(target):
            return None
        when, said = self._said.get((case, step, target, image.id), (0, None))
        if said is None:
            run = self._cut.get((case, step))
            return None if run is None else _unanswered(run, image.uid)
        study = image.series.study.uid
        deleted, done = self._deleted.get((case, target, study), (0, False))
        if self._touched.get((case, study), 0) < when:
            return said
        if deleted < when:
            return _unanswered(said.run, image.uid)
        return None if done else _unanswered(said.run, image.uid)


def _unanswered(run: str, uid: str) -> SentEarlier:
    status = StoreStatus(sop_instance_uid=uid, sop_class_uid="", status=None, maybe_stored=True)
    return SentEarlier(run=run, status=status, stored=False, doubtful=True)


def told_of_instances(folder: Path, run: str) -> Iterator[dict[str, Any]]:
    """Everything a run folder tells about instances, in order, what it knew beforehand included.

    run: the run's id, which its own acknowledgements are from. Raises MachineError.
    """
    if (folder / EARLIER).exists():
        yield from (event for event in read_events(folder / EARLIER) if _is_whole(event))
    under_way: dict[tuple[str, str], None] = {}
    for event in read_events(folder / EVENTS):
        kind = event.get("event")
        if kind in ("step_started", "step_finished"):
            place = (str(event.get("case")), str(event.get("id")))
            if kind == "step_started":
                under_way[place] = None
            else:
                under_way.pop(place, None)
        elif kind in ("instance_sent", "deletion", "study_compared"):
            whole = {**event, "earlier": event.get("earlier") or run}
            if _is_whole(whole):
                yield whole
    for case, step in under_way:
        yield {"event": _CUT, "case": case, "id": step, "run": run}


_FIELDS = {
    _CUT: ("case", "id", "run"),
    "study_compared": ("case", "id", "source", "target", "study", "outcome", "instances", "earlier"),
    "deletion": ("case", "id", "target", "studies", "done"),
    "instance_sent": (
        "case", "id", "target", "image", "uid", "status", "stored", "maybe_stored", "comment",
        "earlier",
    ),
}  # fmt: skip


def _is_whole(event: Mapping[str, Any]) -> bool:
    """Whether a line holds what it should; a damaged one says nothing about any instance."""
    return all(name in event for name in _FIELDS.get(event.get("event", ""), ("?",)))


def keep_told(
    folder: Path, events: Iterable[Mapping[str, Any]], lost: Collection[str] = ()
) -> None:
    """Write what a repeated run tells into the folder of the run that repeats it.

    events: as ``told_of_instances`` yields them. lost: targets that are another PACS now, so that nothing told of
    them is true any more, also not for a third run.
    """
    lines = (
        json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n"
        for event in events
        if event.get("target") not in lost and event.get("source") not in lost
    )
    write_with(folder / EARLIER, lambda stream: stream.writelines(lines))
