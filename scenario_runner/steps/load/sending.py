"""``send`` under a load: workers that send what arrives, when it arrives."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from scenario_runner.api.load_watch import Watch
from scenario_runner.errors import TargetError, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.arrivals import seed_of
from scenario_runner.steps.load.ahead import Ahead, Made, MadeInstance
from scenario_runner.steps.load.crew import Crew, Start, thought
from scenario_runner.steps.load.offers import Offer, in_words, lacking, offers, planned
from scenario_runner.steps.load.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.api import StepContext, StoreOptions, Target
    from scenario_runner.api.storing import Storing
    from scenario_runner.language.loads import StudyLoad
    from scenario_runner.planning.plan import PlannedImage, PlannedSeries

_IDLE = 20.0
"""Seconds for which an association is kept without use; PACS end idle ones."""
_WORTH_TELLING = 1.0
"""Seconds of making ahead from which on the message says why the step took longer than its load."""
_AHEAD = 2.0
"""Seconds before its time at which an association is opened that was not kept."""


class LoadedSend:
    """Sends what ``load`` offers of some series and yields what became of each image.

    done: ids of images that need not be sent. facts: what the report says of the load, once it is over. Raises UsageError
    for a modality of the load of which there is nothing.
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
        if names := lacking(load, series):
            a_unit = "a study whose first series is" if load.unit == "study" else "a series"
            raise UsageError(
                f"there is nothing of {', '.join(names)} to send, of which 'modalities' is to send a share",
                hint=f"plan {a_unit} of it, or leave it out there",
            )
        load = load.shared(context.rate(1.0) or 1.0)
        self._context, self._target, self._load = context, target, load
        self._to, self._options, self._done, self._series = to, options, done, series
        seed = seed_of(context.case.seed, context.case.id, context.step_id)
        self.plan = planned(load, series, seed)
        self.watch = Watch(load)
        self._stages = self.watch.stages
        size = max(1, min(load.at_once, self.plan["offered"]))

        def left(images: Sequence[PlannedImage]) -> list[PlannedImage]:
            return list(context.offered((one for one in images if one.id not in done), to))

        self._ahead = Ahead(
            offers(load, series, seed), left, context.builder, context.preview, context.deadline
        )
        self._crew: Crew[Made, Stored] = Crew(size, iter(self._ahead), self._work, context.deadline)
        self._start = Start(size, self._ahead.filled if load.is_open else None)
        self._thinking = [Random(f"{seed}/{number}") for number in range(size)]  # noqa: S311 - not a secret
        self.offered: set[str] = set()
        """SOP instance UIDs of what was begun."""
        self._asked = 0.0
        self._late_making = 0
        self._begun = 0

    def run(self) -> Iterator[Stored]:
        """What became of each image, as it is known. Raises what the deadline raises, and a TargetError when nobody answers."""
        said = in_words(self.plan)
        short = self.plan["arrivals"] > self.plan["offered"]
        self._context.log(said, "warning" if short else "info")
        trouble: TargetError | None = None
        self._asked = time.monotonic()
        with self._ahead:
            for stored in self._crew.run():
                self.offered.add(stored.image.uid)
                self._begun += 1
                self._late_making += stored.made_late
                self._look(stored)
                yield stored
                if stored.trouble is not None and self.watch.is_hopeless:
                    trouble = stored.trouble
                    self._crew.stop()
        if trouble is not None:
            raise trouble

    @property
    def total(self) -> int:
        """How many instances are offered, those among them that need not be sent."""
        return int(self.plan["instances"])

    @property
    def begun(self) -> float | None:
        """time.monotonic() from which arrivals count; None as long as what is sent is being made."""
        return self._start.begin

    @property
    def _made_ahead(self) -> float:
        """Seconds in which an open load waited until what it sends was made."""
        if self.begun is None or not self._load.is_open:
            return 0.0
        return self.begun - self._asked

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

    def _look(self, stored: Stored) -> None:
        self.watch.look(
            ok=stored.status.stored,
            answered=stored.status.status is not None or stored.trouble is None,
            late=stored.late,
            arrival=stored.offer.arrival if stored.offer else None,
        )
        if self.watch.stopped:
            self._crew.stop()

    def facts(self) -> dict[str, Any]:
        """What the report says of the load beside the latencies."""
        made_late = {"made_late": self._late_making} if self._late_making else {}
        ahead = {"made_ahead_s": round(self._made_ahead, 3)} if self._made_ahead else {}
        return {**self.plan, "begun": self._begun, **ahead, **made_late, **self.watch.facts()}

    def words(self) -> str:
        """What a reader has to know of the load, for the step's message."""
        parts = [self.watch.words()]
        if self._made_ahead > _WORTH_TELLING:
            parts.append(f"made ahead in {self._made_ahead:.1f} s")
        if self._late_making:
            parts.append(f"{self._late_making} began late since they were not made in time here")
        return "; ".join(filter(None, parts))

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
                if not thought(crew, self._load.think, self._thinking[number]):
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


@dataclass(frozen=True, slots=True)
class _Due:
    at: float | None
    made_late: bool
