"""What a case has made, sent and retrieved so far: small facts per instance, never pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from time import monotonic
from typing import TYPE_CHECKING, Any

from scenario_runner.api.fetched import Asked
from scenario_runner.api.operations import Level
from scenario_runner.api.sent import SentInstance
from scenario_runner.api.sent_log import SentLog
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import PlannedImage, PlannedSeries

if TYPE_CHECKING:
    from scenario_runner.imaging.instance import Instance


_NOTHING: Mapping[str, Any] = {}
"""What was modified in most instances; one for all of them."""


@dataclass(slots=True)
class Ledger:
    """The bookkeeping of one case. The last word of a target about an instance wins.

    Steps that run side by side share it: what grows is walked through as a copy.

    *Sent* means sent by the case, to whichever target. Where something was sent is asked by name.
    """

    generated: dict[str, PlannedSeries] | None = None
    """Series that ``generate`` selected, by plan key; None means all of the plan."""
    imported: dict[str, PlannedSeries] = field(default_factory=dict)
    """Series that ``import`` took in, by key; ``source`` makes their instances, not the factory."""
    hidden: set[str] = field(default_factory=set)
    """Keys of imported series whose pixels may show somebody: no picture of them is kept."""
    selections: dict[str, dict[str, PlannedSeries]] = field(default_factory=dict)
    """What each ``generate``, ``import`` and ``send`` took, by the id of the step."""
    performed: dict[tuple[str, str], str] = field(default_factory=dict)
    """Performed procedure steps that were begun: target and study UID to SOP instance UID."""
    _modifications: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _intended: dict[str, dict[str, PlannedSeries]] = field(default_factory=dict)
    _left_out: dict[str, set[str]] = field(default_factory=dict)
    """Keys of series that a target does not take and was not sent, by target."""
    _not_offered: dict[str, set[str]] = field(default_factory=dict)
    """Planned SOP instance UIDs of such series that a load was over before, by target."""
    _told: SentLog = field(default_factory=SentLog)
    """What was recorded and is not in the dictionaries yet: they are for whoever asks, and hold much more."""
    _telling: threading.Lock = field(default_factory=threading.Lock)
    _sent: dict[tuple[str, str], SentInstance] = field(default_factory=dict)
    _moved: dict[tuple[str, str], _Moved] = field(default_factory=dict)
    """What a PACS was asked to send to another target, by that target and SOP instance UID."""
    _senders: dict[str, set[str]] = field(default_factory=dict)
    """By target those that were asked to send to it."""
    _ever: dict[str, SentInstance] = field(default_factory=dict)
    """The best word of any target about each instance, by SOP instance UID as sent; deleted or not."""
    _stored: set[str] = field(default_factory=set)
    """Planned SOP instance UIDs of all that anybody ever acknowledged."""
    _deleted: dict[str, set[str]] = field(default_factory=dict)
    """Study UIDs deleted from each target and not sent there again since."""
    _sources: dict[str, Callable[[PlannedImage], Instance]] = field(default_factory=dict)
    _first: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """What was modified in an instance when a target first acknowledged it, by target and planned SOP instance UID."""
    _last: dict[str, float] = field(default_factory=dict)
    """When each target last acknowledged anything, or was sent it by another; of time.monotonic()."""

    def generate(
        self, step_id: str, series: Iterable[PlannedSeries], modify: Mapping[str, Any]
    ) -> None:
        """``generate`` took these series; a second one adds to the first.

        modify: KEYWORD: value for every instance of these series, instead of what was asked before.
        """
        taken = {one.id: one for one in series}
        if any(self._modifications.get(key, _NOTHING) != modify for key in taken):
            self._settle()  # what was sent before was sent without
        self.selections[step_id] = taken
        self.generated = {**(self.generated or {}), **taken}
        for key in taken:
            self._modifications[key] = modify

    def take_in(
        self,
        step_id: str,
        series: Iterable[PlannedSeries],
        source: Callable[[PlannedImage], Instance],
        hidden: Iterable[str] = (),
    ) -> None:
        """``import`` took these series in; ``source`` gives the instance of each of their images."""
        self.hidden.update(hidden)
        taken = {one.id: one for one in series}
        self.selections[step_id] = taken
        self.imported = {**self.imported, **taken}  # a step beside may walk through it
        self._sources.update(dict.fromkeys(taken, source))

    def source(self, series: PlannedSeries) -> Callable[[PlannedImage], Instance] | None:
        """What makes the instances of an imported series; None for one of the plan."""
        return self._sources.get(series.id)

    def modifications(self, series: PlannedSeries) -> Mapping[str, Any]:
        """What ``generate: {modify: …}`` asked for in this series."""
        return self._modifications.get(series.id, _NOTHING)

    def modifications_kept(self, image: PlannedImage, target: str) -> Mapping[str, Any]:
        """The same of an image of which a target has what it was sent first."""
        self._settle()
        return self._first.get((target, image.uid), self.modifications(image.series))

    # --- what happens ---------------------------------------------------------------------------

    def intend(self, step_id: str, target: str, series: Iterable[PlannedSeries]) -> None:
        """``send`` is about to send these series; whatever happens, they were to be there."""
        taken = {one.id: one for one in series}
        self.selections[step_id] = taken
        self._intended.setdefault(target, {}).update(taken)
        self._left_out.get(target, set()).difference_update(taken)
        if left := self._not_offered.get(target):
            left.difference_update(_images(taken.values()))
        self._there_again(target, (one.study.uid for one in taken.values()))

    def not_offered(self, target: str, uids: Iterable[str]) -> None:
        """A load was over before these planned SOP instance UIDs came up, so they are not to be there."""
        self._not_offered.setdefault(target, set()).update(uids)

    def leave_out(self, target: str, series: Iterable[PlannedSeries]) -> None:
        """``send`` does not send these series, for the target does not take them."""
        self._left_out.setdefault(target, set()).update(one.id for one in series)

    def record(self, sent: SentInstance) -> None:
        """Note what a target said about an instance; a later failure does not undo a success."""
        with self._telling:
            self._told.append(sent)
        if sent.stored and sent.earlier is None:
            self._last[sent.target] = monotonic()

    def _settle(self) -> None:
        """Bring what was recorded into the dictionaries, which all questions about single instances are answered from."""
        if not self._told:
            return
        with self._telling:
            for sent in self._told:
                self._take(sent)
            self._told = SentLog()

    def _take(self, sent: SentInstance) -> None:
        key = (sent.target, sent.image.uid)
        self._sent[key] = _better(self._sent.get(key), sent)
        uid = sent.status.sop_instance_uid
        self._ever[uid] = _better(self._ever.get(uid), sent)
        if sent.stored:
            self._stored.add(sent.image.uid)
            if sent.earlier is None:
                self._first.setdefault(key, self.modifications(sent.image.series))

    def move(
        self, source: str, target: str, instances: Iterable[SentInstance], *, done: bool
    ) -> None:
        """A PACS was asked to send these to ``target``. done: whether it says that it sent them all."""
        self._senders.setdefault(target, set()).add(source)
        self._last[target] = monotonic()
        for one in instances:
            key = (target, one.status.sop_instance_uid)
            before = self._moved.get(key)
            self._moved[key] = _Moved(one.image, done or (before is not None and before.done))
            self._there_again(target, (one.image.series.study.uid,))

    def passed_through(self, target: str) -> set[str]:
        """The target, and those that anything there may have come by."""
        found, new = {target}, {target}
        while new:
            new = set().union(*(self._senders.get(one, ()) for one in new)) - found
            found |= new
        return found

    def forget(self, target: str, study_uids: Iterable[str]) -> None:
        """These studies were deleted from the target. That they were sent stays true."""
        self._settle()
        gone = set(study_uids)
        self._deleted.setdefault(target, set()).update(gone)
        for key, sent in list(self._sent.items()):
            if key[0] == target and sent.image.series.study.uid in gone:
                del self._sent[key]
                self._first.pop(key, None)
        for key, moved in list(self._moved.items()):
            if key[0] == target and moved.image.series.study.uid in gone:
                del self._moved[key]
        left = self._intended.get(target, {})
        for series in list(left.values()):
            if series.study.uid in gone:
                del left[series.id]

    def _there_again(self, target: str, study_uids: Iterable[str]) -> None:
        if target in self._deleted:
            self._deleted[target].difference_update(study_uids)

    # --- what was sent, and where to ------------------------------------------------------------

    def sent(self, target: str | None = None) -> Iterator[SentInstance]:
        """Everything offered to a target (or to any) and not deleted since, in order of the first offer."""
        self._settle()
        return (sent for (to, _), sent in list(self._sent.items()) if target in (None, to))

    def ever(self) -> Mapping[str, SentInstance]:
        """Everything this case offered to anybody, each instance once, by SOP instance UID as sent."""
        self._settle()
        return self._ever

    def was_stored(self, image: PlannedImage) -> bool:
        """Whether anybody ever acknowledged it."""
        self._settle()
        return image.uid in self._stored

    def asked(
        self,
        target: str,
        level: Level,
        match: Mapping[str, Any] | None,
        keys: Sequence[Mapping[str, str | Sequence[str]]],
        frames: Sequence[int] = (),
    ) -> Asked:
        """A retrieval from a target that begins now. keys: may grow while it goes on."""
        return Asked(
            target=target,
            level=level,
            match=match,
            sent=dict(self.ever()),
            held=frozenset(self.held(target)),
            deleted=frozenset(self._deleted.get(target, ())),
            keys=keys,
            frames=frames,
        )

    def stored(self, target: str) -> list[PlannedImage]:
        """What the target itself acknowledged."""
        return [sent.image for sent in self.sent(target) if sent.stored]

    def is_left_out(self, image: PlannedImage, target: str | None = None) -> bool:
        """Whether it was not sent to a target, which does not take it; of None, to whichever."""
        key = image.series.id
        if target is not None:
            return key in self._left_out.get(target, ())
        return any(key in left for left in list(self._left_out.values()))

    def held(self, target: str) -> dict[str, SentInstance]:
        """What the target acknowledged, and what a PACS says it sent there, by UID as sent."""
        found = {one.status.sop_instance_uid: one for one in self.sent(target) if one.stored}
        moved = (uid for (to, uid), one in list(self._moved.items()) if to == target and one.done)
        ever = self.ever()
        return {**{uid: ever[uid] for uid in moved if uid in ever}, **found}

    def expected(self, target: str) -> list[SentInstance]:
        """What a target ought to have: ``held``, or else all that this case got acknowledged anywhere.

        A target that was sent nothing has what somebody forwards to it, which nobody tells us.
        """
        held = list(self.held(target).values())
        return held or [
            one
            for one in self._not_deleted(target)
            if one.stored and not self.is_left_out(one.image, target)
        ]

    def seconds_since_stored(self, target: str) -> float | None:
        """How long ago a target got the last that it has of this run, or anybody where it was sent nothing; None for never."""
        last = self._last.get(target) or max(list(self._last.values()), default=None)
        return None if last is None else monotonic() - last

    def intended(self, target: str) -> list[PlannedImage]:
        """What was to be sent or moved to a target; where nothing was, all that was to be sent anywhere.

        In the order of the first attempt. What was refused, or never tried, is among it.
        """
        not_offered = self._not_offered.get(target, ())
        found = _images(list(self._intended.get(target, {}).values()))
        found = {uid: one for uid, one in found.items() if uid not in not_offered}
        moved = [one.image for (to, _), one in list(self._moved.items()) if to == target]
        found |= {image.uid: image for image in moved}
        if not found:
            gone = self._deleted.get(target, set())
            every = {
                key: one
                for taken in list(self._intended.values())
                for key, one in list(taken.items())
            }
            found = {one.image.uid: one.image for one in self._not_deleted(target)}
            nowhere = set().union(*self._not_offered.values())
            images = _images(one for one in every.values() if one.study.uid not in gone)
            found |= {uid: one for uid, one in images.items() if uid not in nowhere}
            found = {uid: one for uid, one in found.items() if not self.is_left_out(one, target)}
        return list(found.values())

    def study_uids(self, target: str) -> list[str]:
        """Studies of which the target may have something, for it was sent or moved there, in order."""
        images = (
            sent.image for sent in self.sent(target) if sent.stored or sent.status.maybe_stored
        )
        moved = (one.image for (to, _), one in list(self._moved.items()) if to == target)
        return list(dict.fromkeys(image.series.study.uid for image in (*images, *moved)))

    def all_study_uids(self, target: str) -> list[str]:
        """Studies this case sent something of, wherever, those deleted from the target left out."""
        return list(
            dict.fromkeys(
                sent.image.series.study.uid
                for sent in self._not_deleted(target)
                if sent.stored or sent.status.maybe_stored
            )
        )

    def _not_deleted(self, target: str) -> Iterator[SentInstance]:
        """All that was ever sent, but for studies that were deleted from the target."""
        gone = self._deleted.get(target, set())
        return (one for one in list(self.ever().values()) if one.image.series.study.uid not in gone)

    def deleted_elsewhere(self, study_uid: str, target: str) -> bool:
        """Whether the study was deleted by way of another target, which may be the same PACS."""
        return any(study_uid in gone for to, gone in list(self._deleted.items()) if to != target)


@dataclass(frozen=True, slots=True)
class _Moved:
    image: PlannedImage
    done: bool


def _better(before: SentInstance | None, now: SentInstance) -> SentInstance:
    """The later word, unless that is a failure after a success."""
    return now if before is None or now.stored or not before.stored else before


def _images(series: Iterable[PlannedSeries]) -> dict[str, PlannedImage]:
    return {image.uid: image for one in series for image in one.images}
