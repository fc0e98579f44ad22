"""What ``send`` keeps of what it sends: in which order, what was sent before, statuses and facts."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from scenario_runner.api import SentInstance, StepContext, StoreStatus
from scenario_runner.api.statuses import Statuses, answered_with
from scenario_runner.dicom import statuses
from scenario_runner.dicom.dictionary import uid_name
from scenario_runner.errors import FabricatorError
from scenario_runner.planning.plan import PlannedImage, PlannedSeries
from scenario_runner.steps.load.stored import Stored
from scenario_runner.steps.problems import problems

if TYPE_CHECKING:
    from scenario_runner.api.sharing import SharedOut

_STORED = ("success", "warning")
_DUPLICATES = (statuses.DUPLICATE_SOP_INSTANCE, 0xB00E)
"""What a duplicate is refused with, by some STOW-RS servers with the reason 45070."""


def send_facts(
    statuses: Statuses,
    total: int,
    seconds: float,
    associations: Opened,
) -> dict[str, Any]:
    """What the report says of a send, however it ended."""
    kinds = statuses.kinds()

    def counted(what: Callable[[Mapping[str, Any]], Any]) -> dict[Any, int]:
        """How many say what; of those that say nothing of it none."""
        found: Counter[Any] = Counter()
        for status, count in kinds:
            if said := what(status):
                found[said] += count
        return dict(found)

    earlier = counted(lambda status: status.get("earlier"))
    sent = len(statuses) - sum(earlier.values())
    answered = counted(lambda status: bool(status["status"] or status["maybe_stored"]))
    facts: dict[str, Any] = {
        "instances": total,
        "stored": counted(lambda status: status["class"] in _STORED).get(True, 0),
        "maybe_stored": counted(lambda status: status["maybe_stored"]).get(True, 0),
        "not_sent": total - answered.get(True, 0),
        "statuses": counted(answered_with),
        "problems": problems(statuses.of_kinds(lambda status: status["class"] not in _STORED)),
        "instances_per_second": round(sent / seconds, 1) if seconds and sent else None,
        "association": associations.shared(),
        "associations": associations.count,
    }
    if recoded := counted(lambda status: status.get("sent_as")):
        facts["sent_as"] = {uid_name(syntax): count for syntax, count in recoded.items()}
    if earlier:
        facts["acknowledged_earlier"] = {"instances": sum(earlier.values()), "runs": earlier}
    return facts


class Opened:
    """The associations of a send as they are opened, from whichever thread: all are proposed the same contexts."""

    def __init__(self) -> None:
        self._kept: list[Mapping[str, Any]] = []
        self.count = 0

    def add(self, facts: Mapping[str, Any]) -> None:
        """One more."""
        self.count += 1
        if len(self._kept) < _KEPT:
            self._kept.append(facts)

    def shared(self) -> dict[str, Any]:
        """The first, which stands for all, with what was noted of any of them."""
        if not self._kept:
            return {}
        noted = dict.fromkeys(note for one in self._kept for note in one.get("notes", ()))
        return {**self._kept[0], "notes": list(noted)}


_KEPT = 256
"""Associations whose notes are looked at."""


def how_far(facts: dict[str, Any]) -> str:
    """``4 of 20 stored, 1 perhaps, 15 not sent``; the parts add up."""
    counts = {"perhaps": facts["maybe_stored"], "not sent": facts["not_sent"]}
    refused = facts["instances"] - facts["stored"] - sum(counts.values())
    parts = [f"{count} {what}" for what, count in {"refused": refused, **counts}.items() if count]
    return ", ".join([f"{facts['stored']} of {facts['instances']} stored", *parts])


class Repeated:
    """What a rerun knows of the run it repeats: what need not be sent, and what may be there.

    In a run that repeats none it knows nothing and everything is sent.
    """

    def __init__(self, context: StepContext, target: str) -> None:
        self._context = context
        self._target = target
        self.done: set[str] = set()
        """Ids of images that need not be sent."""

    def acknowledged(self, images: Iterable[PlannedImage]) -> Iterator[SentInstance]:
        """Note and yield what was acknowledged then."""
        for image in images:
            earlier = self._context.sent_earlier(image, self._target)
            if earlier is not None and earlier.stored:
                self.done.add(image.id)
                yield self._context.known(image, self._target, earlier)

    def left(self, images: Iterable[PlannedImage]) -> Iterator[PlannedImage]:
        """What is to be sent now."""
        return (image for image in images if image.id not in self.done)

    def note(self, image: PlannedImage, status: StoreStatus) -> SentInstance:
        """Note the answer; a PACS that has the instance since then, unanswered, may refuse it."""
        earlier = self.since(image, status)
        return self._context.sent(image, self._target, status, earlier=earlier)

    def since(self, image: PlannedImage, status: StoreStatus) -> str | None:
        """The run that a PACS has an instance from which it refuses as a duplicate, where that is so."""
        if status.status in _DUPLICATES and status.kind == "failure":
            earlier = self._context.sent_earlier(image, self._target)
            if earlier is not None and earlier.doubtful:
                return earlier.run
        return None


class Ordered:
    """The selected images, whole series at a time, in the order asked for."""

    def __init__(self, context: StepContext, what: str | None, order: str) -> None:
        self.series = list(context.selection(what))
        if order == "reverse":
            self.series.reverse()
        elif order == "random":
            context.random.shuffle(self.series)
        self.total = sum(series.image_count for series in self.series)
        self._places: dict[str, int] = {}

    def leave_out(self, series: Iterable[PlannedSeries]) -> None:
        """Do not send these."""
        gone = {one.id for one in series}
        self.series = [one for one in self.series if one.id not in gone]
        self.total = sum(series.image_count for series in self.series)

    def __iter__(self) -> Iterator[PlannedImage]:
        return (image for series in self.series for image in series.images)

    def place_of(self, stored: Stored) -> tuple[tuple[int, int], ...]:
        """Where an image that somebody else sent stands among them; nothing of one that comes in its turn."""
        if stored.sent is None:
            return ()
        if not self._places:
            self._places = {one.id: number for number, one in enumerate(self.series)}
        return ((self._places[stored.image.series.id], stored.image.index),)

    def contexts(self) -> list[tuple[str, str]]:
        """Each (SOP class, transfer syntax) once."""
        return list(dict.fromkeys((s.sop_class_uid, s.transfer_syntax_uid) for s in self.series))


@contextmanager
def ended(source: Iterator[Any]) -> Iterator[None]:
    """End what comes one by one, where it is not taken to its end."""
    try:
        yield
    finally:
        if isinstance(source, Generator):
            # What kept it from its end is told already.
            with suppress(FabricatorError):
                source.close()


def from_others(
    context: StepContext, target: str, shared: SharedOut, images: Ordered, opened: Opened
) -> Iterator[Stored]:
    """What other processes sent, as they tell it, noted for the case. Raises what kept them from it."""
    series = {one.id: one for one in images.series}
    answers = iter(shared)
    try:
        with ended(answers):
            for one in answers:
                image = series[one.series].images[one.index]
                note = context.told if one.told else context.sent
                sent = note(image, target, one.status, earlier=one.earlier)
                at = time.monotonic() - one.ago
                labels = {"modality": image.series.modality}
                yield Stored(image, one.status, labels, ended=at, sent=sent)
    finally:
        for facts in shared.associations:
            opened.add(facts)
        opened.count = shared.opened
