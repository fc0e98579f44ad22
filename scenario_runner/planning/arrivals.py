"""When what arrives in an open load: worked out before the run, the same again for the same seed."""

from __future__ import annotations

import math
from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.hospital_day import hourly_rates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenario_runner.language.loads import Load

_CLOSE = 1e-9
_MANY = 200_000
"""Random arrivals beyond which it is worth while to load what reckons them at once."""
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a load: seconds, and the rates at its beginning and end, between which it goes evenly."""

    seconds: float
    rate: float
    to: float
    name: str
    """As the report tells it from others: ``1: 20/s for 2 min``."""

    @property
    def expected(self) -> float:
        """How many arrivals it has on average."""
        return self.seconds * (self.rate + self.to) / 2

    def when(self, count: float) -> float:
        """After how many seconds so many have arrived, 0 to ``expected``."""
        if count <= 0:  # a hair before it, where what is before it was reckoned
            return 0.0
        slope = (self.to - self.rate) / self.seconds
        root = math.sqrt(max(0.0, self.rate**2 + 2 * slope * count))
        return 2 * count / (self.rate + root)  # also where it is not steep, or hardly

    def rate_at(self, seconds: float) -> float:
        """The rate after so many seconds of it."""
        return self.rate + (self.to - self.rate) * min(1.0, seconds / self.seconds)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival: seconds after the beginning of the load, and in which stretch."""

    at: float
    stretch: int


def stretches(load: Load) -> list[Stretch]:
    """The parts of an open load."""
    if load.hospital_day is not None:
        return [
            Stretch(seconds, rate, rate, name)
            for seconds, rate, name in hourly_rates(load.hospital_day)
        ]
    made = []
    for number, stage in enumerate(load.stages or (), start=1):
        first = stage.rate or 0.0
        last = first if stage.to is None else stage.to
        words = f"{first:g}/s" if last == first else f"{first:g}/s to {last:g}/s"
        made.append(Stretch(stage.for_, first, last, f"{number}: {words} for {stage.for_:g} s"))
    return made


def arrivals(load: Load, seed: str) -> Iterator[Arrival]:
    """All arrivals of an open load in order of time.

    Evenly spaced ones begin with the first stretch; of random ones (a Poisson process, whose gaps are exponential) each
    is as likely at one moment of a stretch with one rate as at another. seed: what the random ones are drawn from.
    """
    dice = Random(seed)  # noqa: S311 - not a secret
    parts = stretches(load)
    poisson = _is_random(load)
    count = dice.expovariate(1.0) if poisson else 0.0
    begin = before = 0.0
    for number, part in enumerate(parts):
        while part.expected and count - before < part.expected * (1 - _CLOSE):
            yield Arrival(begin + part.when(count - before), number)
            count += dice.expovariate(1.0) if poisson else 1.0
        before += part.expected
        begin += part.seconds


def counted(load: Load, seed: str) -> list[int]:
    """How many arrivals each stretch has; evenly spaced ones, and many at random, are not gone through one by one."""
    parts = stretches(load)
    if _is_random(load) and sum(part.expected for part in parts) > _MANY:
        return _counted_at_once(parts, seed)
    if _is_random(load):
        found = Counter(one.stretch for one in arrivals(load, seed))
        return [found[number] for number in range(len(parts))]
    counts = []
    count, before = 0, 0.0
    for part in parts:
        least = math.ceil(part.expected * (1 - _CLOSE) - (count - before))
        has = max(0, least) if part.expected else 0
        counts.append(has)
        count += has
        before += part.expected
    return counts


def _counted_at_once(parts: Sequence[Stretch], seed: str) -> list[int]:
    """The same from the same dice, in pieces: a hundred million gaps take seconds instead of minutes."""
    import numpy as np

    _, state, _ = Random(seed).getstate()  # noqa: S311 - not a secret
    dice = np.random.RandomState()
    dice.set_state(("MT19937", np.array(state[:-1], np.uint32), state[-1], 0, 0.0))
    ends = np.cumsum([part.expected for part in parts])
    # Where a stretch ends for who counts; one without any has none, and what is a hair before it is the next one's.
    limits = [
        float(end) - part.expected * _CLOSE if part.expected else 0.0
        for end, part in zip(ends, parts, strict=True)
    ]
    bounds = np.maximum.accumulate(limits)
    found = np.zeros(len(parts), np.int64)
    count = 0.0
    while count < bounds[-1]:
        counts = count + np.cumsum(-np.log(1.0 - dice.random_sample(_AT_ONCE)))
        found += np.searchsorted(counts, bounds)
        count = float(counts[-1])
    return [int(one) for one in np.diff(found, prepend=0)]


def _is_random(load: Load) -> bool:
    return load.arrival == "poisson" or (load.arrival is None and load.hospital_day is not None)


def seed_of(case_seed: int, case_id: str, step_id: str) -> str:
    """What the arrivals of a step are drawn from: the plan and the run take the same."""
    return f"{case_seed}/{case_id}/{step_id}/arrivals"


class Mix:
    """Which modality the next arrival is of: every share kept at every moment as nearly as whole arrivals can."""

    def __init__(self, shares: Sequence[tuple[str, float]]) -> None:
        self._shares = list(shares)
        self._given = [0] * len(self._shares)
        self._count = 0

    def next(self) -> str:
        """The modality that is most behind its share."""
        self._count += 1
        behind = [
            share * self._count - given
            for (_, share), given in zip(self._shares, self._given, strict=True)
        ]
        place = behind.index(max(behind))
        self._given[place] += 1
        return self._shares[place][0]
