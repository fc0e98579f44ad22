"""``send`` under a load: workers that send what arrives, when it arrives."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import StoreStatus
from scenario_runner.errors import TargetError
from scenario_runner.language.loads import Between
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.arrivals import seed_of, stretches
from scenario_runner.steps.load.ahead import Ahead, Made, MadeInstance
from scenario_runner.steps.load.crew import Crew
from scenario_runner.steps.load.offers import Offer, in_words, offers, planned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.api import StepContext, StoreOptions, Target
    from scenario_runner.api.storing import Storing
    from scenario_runner.language.loads import StudyLoad
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_IDLE = 20.0
"""Seconds for which an association is kept without use; PACS end idle ones."""
_AHEAD = 2.0
"""Seconds before its time at which an association is opened that was not kept; and for which the load waits at its beginning
for workers that have nothing to send yet."""
_LATE = 1.0
"""Seconds late from which on a load is said not to have been kept up with."""
_LOOKED_AT, _FROM = 100, 20
"""Operations among which failures are counted for ``stop_when``, and from how many on."""
_HOPELESS = 10
"""Errors in a row without any answer ever, after which nobody is there."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one image, and when."""

    image: PlannedImage
    status: StoreStatus
    labels: Mapping[str, str]
    late: float | None = None
    """Seconds after the moment that was planned for it; None where none was."""
    ended: float | None = None
    """time.monotonic() of its answer, where that is told later."""
    offer: Offer | None = None
    trouble: TargetError | None = None
    made_late: bool = False
    """Whether it was not made yet when it was to go."""

    @property
    def ago(self) -> float:
        """How many seconds ago its answer came."""
        return 0.0 if self.ended is None else max(0.0, time.monotonic() - self.ended)


class LoadedSend:
    """Sends what ``load`` offers of some series and yields what became of each image.

    done: ids of images that need not be sent. facts: what the report says of the load, once it is over.
    """

    def __init__(
        self,
        context: StepContext,
        to: str,
        target: Target,
        load: StudyLoad,
        series: Sequence[PlannedSeries],
        options: StoreOptions,
        done: Collection[str],
    ) -> None:
        load = load.shared(context.rate(1.0) or 1.0)
        self._context, self._target, self._load = context, target, load
        self._to, self._options, self._done, self._series = to, options, done, series
        seed = seed_of(context.case.seed, context.case.id, context.step_id)
        self.plan = planned(load, series, seed)
        self._stages = stretches(load) if load.is_open else []
        size = max(1, min(load.at_once, self.plan["offered"]))

        def left(images: Sequence[PlannedImage]) -> list[PlannedImage]:
            return list(context.offered((one for one in images if one.id not in done), to))

        self._ahead = Ahead(
            offers(load, series, seed), left, context.builder, context.preview, context.deadline
        )
        self._crew: Crew[Made, Stored] = Crew(size, iter(self._ahead), self._work, context.deadline)
        self._start = _Start(size, self._ahead.filled if load.is_open else None)
        self._thinking = [Random(f"{seed}/{number}") for number in range(size)]  # noqa: S311 - not a secret
        self._recent: deque[bool] = deque(maxlen=_LOOKED_AT)
        self._answered = False
        self._patience = max(_HOPELESS, load.at_once)
        self._hopeless = 0
        self.stopped = ""
        """Why no more was offered, where that was not planned."""
        self.offered: set[str] = set()
        """SOP instance UIDs of what was begun."""
        self._kept_until: tuple[float, float] | None = None
        self._late_making = 0
        self._begun = 0

    def run(self) -> Iterator[Stored]:
        """What became of each image, as it is known. Raises what the deadline raises, and a TargetError when nobody answers."""
        said = in_words(self.plan)
        short = self.plan["arrivals"] > self.plan["offered"]
        self._context.log(said, "warning" if short else "info")
        trouble: TargetError | None = None
        with self._ahead:
            for stored in self._crew.run():
                self.offered.add(stored.image.uid)
                self._begun += 1
                self._late_making += stored.made_late
                self._look(stored)
                yield stored
                if stored.trouble is not None and self._hopeless >= self._patience:
                    trouble = stored.trouble
                    self._crew.stop()
        if trouble is not None:
            raise trouble

    def _look(self, stored: Stored) -> None:
        """Whether to stop, and whether the load is kept up with."""
        ok = stored.status.stored
        self._recent.append(not ok)
        self._answered = self._answered or stored.status.status is not None
        self._hopeless = self._hopeless + 1 if stored.trouble and not self._answered else 0
        arrival = stored.offer.arrival if stored.offer else None
        if (
            arrival is not None
            and stored.late is not None
            and stored.late > _LATE
            and not self._kept_until
        ):
            begin = sum(stage.seconds for stage in self._stages[: arrival.stretch])
            rate = self._stages[arrival.stretch].rate_at(arrival.at - begin)
            self._kept_until = (arrival.at, rate)
        wish = self._load.stop_when
        if wish is None or self.stopped or len(self._recent) < _FROM:
            return
        share = sum(self._recent) / len(self._recent)
        if share > wish.error_rate:
            self.stopped = f"stopped when {share:.1%} of the last {len(self._recent)} failed, more than {wish.error_rate:.1%}"
            self._crew.stop()

    @property
    def total(self) -> int:
        """How many instances are offered, those among them that need not be sent."""
        return int(self.plan["instances"])

    def settle(self) -> None:
        """Note what was not offered, now that it is over: nobody is to miss it."""
        left = [
            image.uid
            for one in self._series
            for image in one.images
            if image.uid not in self.offered and image.id not in self._done
        ]
        if left:
            self._context.ledger.not_offered(self._to, left)

    def facts(self) -> dict[str, Any]:
        """What the report says of the load beside the latencies."""
        facts = {**self.plan, "begun": self._begun}
        if self.stopped:
            facts["stopped"] = self.stopped
        if self._late_making:
            facts["made_late"] = self._late_making
        if self._kept_until is not None:
            at, rate = self._kept_until
            facts["not_kept_up"] = {"from_s": round(at, 3), "per_second": round(rate, 3)}
        return facts

    def words(self) -> str:
        """What a reader has to know of the load, for the step's message."""
        parts = [self.stopped] if self.stopped else []
        if self._kept_until is not None:
            at, rate = self._kept_until
            parts.append(f"not kept up with from {at:.3g} s on, at {rate:.4g}/s")
        if self._late_making:
            parts.append(f"{self._late_making} began late since they were not made in time here")
        return "; ".join(parts)

    # --- one worker -----------------------------------------------------------------------------

    def _work(self, crew: Crew[Made, Stored], number: int) -> None:
        kept: Storing | None = None
        used = 0.0
        alone = self._load.unit == "study"
        try:
            while (made := crew.take()) is not None:
                instances = self._ahead.instances(made)
                first = next(instances)
                if kept is not None and time.monotonic() - used > _IDLE:
                    kept.close()
                    kept = None
                if kept is None:
                    kept = self._target.storing(self._options, crew.deadline)
                due = self._when(crew, made.offer, kept, first)
                if due is None:
                    return
                self._send(
                    crew, number, made.offer, kept, itertools.chain((first,), instances), due
                )
                used = time.monotonic()
                if alone:
                    kept.close()
                    kept = None
                if not self._think(crew, number):
                    return
        finally:
            self._start.leave()
            if kept is not None:
                kept.close()

    def _when(
        self, crew: Crew[Made, Stored], offer: Offer, kept: Storing, first: MadeInstance
    ) -> _Due | None:
        """Wait until the offer's time has come; None when it does not come any more."""
        arrival = offer.arrival
        if arrival is not None and self._start.begin is not None:
            early = self._start.begin + arrival.at - _AHEAD
            if early - time.monotonic() > _IDLE and not crew.wait(early):
                return None
        kept.ready(first.instance)
        begin = self._start.wait(crew)
        if begin is None:
            return None
        if arrival is None:
            over = self._load.for_ is not None and time.monotonic() >= begin + self._load.for_
            return None if over else _Due(None, made_late=False)
        due = begin + arrival.at
        return _Due(due, made_late=first.at > due) if crew.wait(due) else None

    def _send(
        self,
        crew: Crew[Made, Stored],
        number: int,
        offer: Offer,
        kept: Storing,
        instances: Iterator[MadeInstance],
        due: _Due,
    ) -> None:
        began = time.monotonic()
        late = None if due.at is None else max(0.0, began - due.at)
        labels = {"modality": offer.modality, "association": str(number + 1)}
        if offer.arrival is not None and len(self._stages) > 1:
            labels["stage"] = self._stages[offer.arrival.stretch].name
        for one in instances:
            status = kept.store(one.instance)
            ended = time.monotonic()
            crew.tell(
                Stored(one.image, status, labels, late, ended, offer, kept.trouble, due.made_late)
            )

    def _think(self, crew: Crew[Made, Stored], number: int) -> bool:
        think = self._load.think
        if think is None:
            return True
        if isinstance(think, Between):
            think = self._thinking[number].uniform(think.min, think.max)
        return crew.wait(time.monotonic() + think)


@dataclass(frozen=True, slots=True)
class _Due:
    at: float | None
    made_late: bool


class _Start:
    """The moment from which arrivals count: when every worker has something to send, and soon in any case."""

    def __init__(self, workers: int, filled: threading.Event | None) -> None:
        """filled: set when what is to be sent was made ahead as far as it can be; None where nobody waits for that."""
        self._filled = filled
        self._missing = workers
        self._lock = threading.Lock()
        self._first = 0.0
        self.begin: float | None = None
        """time.monotonic(); None as long as it has not come."""

    def leave(self) -> None:
        """A worker that has nothing to send is not waited for."""
        with self._lock:
            if self.begin is None:
                self._missing -= 1

    def wait(self, crew: Crew[Any, Any]) -> float | None:
        """Be ready, and wait for the others; None when somebody stops it. Called by a worker with something to send."""
        if self.begin is None:
            with self._lock:
                self._missing -= 1
                self._first = self._first or time.monotonic()
        while self.begin is None:
            with self._lock:
                waited = time.monotonic() - self._first
                ready = self._missing <= 0 or waited > _AHEAD
                if self._filled is not None:
                    ready = ready and (self._filled.is_set() or waited > _MAKING)
                if ready and self.begin is None:
                    self.begin = time.monotonic() + _SOON
            if not crew.wait(time.monotonic() + _SOON):
                return None
        return self.begin


_SOON = 0.01
_MAKING = 60.0
"""Seconds for which an open load waits at the most until what it sends was made ahead."""
