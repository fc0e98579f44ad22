"""From the acknowledgement of an instance until a query finds it: asked while a ``send`` goes on."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from pydantic import ValidationError

from scenario_runner.amounts import amount
from scenario_runner.api import FindRequest, SentInstance
from scenario_runner.errors import FabricatorError, TargetError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.measuring.measured import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenario_runner.api import StepContext, Target
    from scenario_runner.planning.plan import PlannedImage

_AT_ONCE = 32
"""Instances that are asked for in turn; of what is acknowledged while as many are, none is looked for."""
_IN_TIME = 0.5
"""Seconds that an instance may wait for its first question while others are asked for, beside the pause between
questions. Where a PACS takes long for each answer, what waited longer is left out, for the time would be that of our
queue."""


@dataclass(frozen=True, slots=True)
class Sought:
    """An instance that was acknowledged and is asked for. acknowledged: time.monotonic()."""

    image: PlannedImage
    uid: str
    acknowledged: float
    asked: bool = False
    """Whether a query asked for it before, and did not find it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of it: seconds until it was found; found is False when it was not within the patience."""

    image: PlannedImage
    seconds: float
    ended: float
    found: bool


class Visibility:
    """Asks a PACS for instances as they are acknowledged, in a thread of its own, over one association.

    Each is asked for by its UIDs at the level of an image, every so many seconds, until it is found. The time until then is an
    upper bound: it may have been there since the question before.
    """

    def __init__(
        self, context: StepContext, target: Target, *, every: float, patience: float
    ) -> None:
        self._context, self._target = context, target
        self._every, self._patience = every, patience
        self._in_time = every + _IN_TIME
        self._new: queue.SimpleQueue[Sought] = queue.SimpleQueue()
        self._seen: queue.SimpleQueue[Seen] = queue.SimpleQueue()
        self._sought = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._gone = threading.Event()
        self.passed_over = 0
        """Instances that were not looked for, since enough others were, or not in time."""
        self.trouble: FabricatorError | None = None
        self._thread = threading.Thread(target=self._run, name="until visible", daemon=True)
        self._thread.start()

    def note(self, sent: SentInstance, ago: float) -> None:
        """What became of an instance so many seconds ago: it is sought if it was stored. Counts what was seen meanwhile."""
        if not sent.stored or sent.earlier is not None:
            return
        self._count()
        with self._lock:
            if self._sought >= _AT_ONCE or self._gone.is_set():
                self.passed_over += 1
                return
            self._sought += 1
        uid = sent.status.sop_instance_uid
        self._new.put(Sought(sent.image, uid, time.monotonic() - ago))

    def finish(self) -> None:
        """Wait until all that is sought was found, or was not within the patience. Raises what the deadline raises."""
        self._over.set()
        while self._thread.is_alive():
            self._thread.join(0.1)
            self._count()
            self._context.deadline.check()
        self._count()
        if self.passed_over:
            left = amount(self.passed_over, "instance")
            self._context.log(
                f"until_visible: {left} left out, while as many others were asked for as could be"
            )
        if self.trouble is not None:
            self._context.log(f"could not ask what is visible: {self.trouble.message}", "warning")

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self._gone.set()
        self._thread.join()

    def _count(self) -> None:
        while True:
            try:
                one = self._seen.get_nowait()
            except queue.Empty:
                return
            self._context.took(
                VISIBLE,
                one.seconds,
                failed=not one.found,
                ago=max(0.0, time.monotonic() - one.ended),
                labels={"modality": one.image.series.modality},
            )

    def _run(self) -> None:
        sought: list[Sought] = []
        try:
            while not self._gone.is_set():
                sought += self._taken()
                if not sought:
                    if self._over.is_set() and self._new.empty():
                        return
                    self._gone.wait(self._every)
                    continue
                sought = self._asked(sought)
                self._gone.wait(self._every)
        except FabricatorError as error:
            self.trouble = error
        finally:
            self._gone.set()

    def _taken(self) -> Iterator[Sought]:
        while not self._new.empty():
            yield self._new.get()

    def _asked(self, sought: list[Sought]) -> list[Sought]:
        """Ask for each once, the new ones first; those that were not found yet."""
        left: list[Sought] = []
        waiting = deque(sorted(sought, key=lambda one: one.asked))
        under_way: deque[Sought] = deque()

        def requests() -> Iterator[FindRequest]:
            while waiting:
                one = waiting.popleft()
                if one.asked or time.monotonic() - one.acknowledged <= self._in_time:
                    under_way.append(one)
                    yield _request(one)
                else:
                    self._pass_over()

        try:
            for matches in self._target.find_each(requests(), self._context.deadline):
                one = under_way.popleft()
                now = time.monotonic()
                seconds = now - one.acknowledged
                found = any(match.get("SOPInstanceUID") == one.uid for match in matches)
                if not found and seconds < self._patience:
                    left.append(dataclasses.replace(one, asked=True))
                    continue
                with self._lock:
                    self._sought -= 1
                self._seen.put(Seen(one.image, seconds, now, found))
        except TargetError:
            # A query that fails has found nothing; it is asked again until the patience is over.
            failed = [dataclasses.replace(one, asked=True) for one in (*under_way, *waiting)]
            return [*left, *self._late(iter(failed))]
        return left

    def _pass_over(self) -> None:
        with self._lock:
            self._sought -= 1
            self.passed_over += 1

    def _late(self, sought: Iterator[Sought]) -> Iterator[Sought]:
        for one in sought:
            now = time.monotonic()
            if now - one.acknowledged < self._patience:
                yield one
                continue
            with self._lock:
                self._sought -= 1
            self._seen.put(Seen(one.image, now - one.acknowledged, now, found=False))


class Unwatched:
    """In the place of a ``Visibility`` where nobody wants to know."""

    def note(self, sent: SentInstance, ago: float) -> None:
        """Nothing is asked."""

    def finish(self) -> None:
        """There is nothing to wait for."""

    def stop(self) -> None:
        """There is nothing to stop."""


def watched(context: StepContext, to: str) -> Visibility | Unwatched:
    """What asks for what a step sends to a target, where a later check ``until_visible`` wants to know."""
    for given in context.judged_by("until_visible"):
        from scenario_runner.checks.until_visible import PATIENCE, UntilVisible

        try:
            check = UntilVisible.model_validate(given)
        except ValidationError:  # a template that the check renders when its turn comes
            check = UntilVisible(max=0.0)
        target = context.target(check.on or to)
        # What a PACS is known to take is no reason to give up; whether it is soon enough, the thresholds say.
        patience = max(check.waits, target.expects.stored_within or 0.0)
        context.notes[PATIENCE] = patience
        return Visibility(context, target, every=check.every, patience=patience)
    return Unwatched()


def _request(sought: Sought) -> FindRequest:
    series = sought.image.series
    return FindRequest(
        level="image",
        match={
            "StudyInstanceUID": series.study.uid,
            "SeriesInstanceUID": series.uid,
            "SOPInstanceUID": sought.uid,
        },
    )
