"""A log-linear histogram: every time within 0.4 % of what it was, in a bounded number of counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

_BITS = 7
_LINEAR = 1 << _BITS
"""Buckets of each doubling; below twice as many microseconds a bucket is one microsecond wide."""
_MICROSECOND = 1e-6


class Histogram:
    """Counts of seconds by buckets of microseconds, 128 to each doubling (as HdrHistogram has them).

    A quantile is right within half a bucket: 0.4 % of the value, and never less than the smallest or more than
    the largest, both of which are kept as they are. Sums of histograms are exact.
    """

    __slots__ = ("_buckets", "count", "max", "min", "total")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        """Seconds altogether."""
        self.min = 0.0
        self.max = 0.0

    def record(self, seconds: float) -> None:
        """Count one. What is below nothing, as a clock set back gives it, counts as nothing."""
        seconds = max(0.0, seconds)
        micros = int(seconds / _MICROSECOND + 0.5)
        shift = max(0, micros.bit_length() - _BITS - 1)
        index = (shift << _BITS) + (micros >> shift)
        self._buckets[index] = self._buckets.get(index, 0) + 1
        self.min = min(self.min, seconds) if self.count else seconds
        self.max = max(self.max, seconds)
        self.count += 1
        self.total += seconds

    def add(self, other: Histogram) -> None:
        """Count all that another one has counted."""
        if not other.count:
            return
        for index, count in other._buckets.items():
            self._buckets[index] = self._buckets.get(index, 0) + count
        self.min = min(self.min, other.min) if self.count else other.min
        self.max = max(self.max, other.max)
        self.count += other.count
        self.total += other.total

    @property
    def mean(self) -> float:
        """The mean, in seconds; 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    def quantile(self, share: float) -> float:
        """The least time, in seconds, that a share (0 to 1) of all did not exceed; 0 of nothing."""
        wanted = max(1, -int(-share * self.count // 1))  # rounded up
        seen = 0
        for index in sorted(self._buckets):
            seen += self._buckets[index]
            if seen >= wanted:
                low, width = _bounds(index)
                middle = (low + (width - 1) / 2) * _MICROSECOND
                return min(self.max, max(self.min, middle))
        return self.max

    def within(self, seconds: float) -> int:
        """How many took no longer."""
        return sum(n for i, n in self._buckets.items() if _bounds(i)[0] * _MICROSECOND <= seconds)

    def pairs(self) -> list[list[int]]:
        """``[microseconds, count]`` of each bucket that has any, by the least time that belongs to it."""
        return [[_bounds(index)[0], self._buckets[index]] for index in sorted(self._buckets)]

    @classmethod
    def of(cls, pairs: Iterable[Sequence[int]], least: float, most: float, total: float) -> Self:
        """The histogram that ``pairs`` was made from."""
        made = cls()
        for micros, count in pairs:
            shift = max(0, micros.bit_length() - _BITS - 1)
            made._buckets[(shift << _BITS) + (micros >> shift)] = count
            made.count += count
        made.min, made.max, made.total = least, most, total
        return made


def _bounds(index: int) -> tuple[int, int]:
    """The least microsecond of a bucket, and how many belong to it."""
    shift = max(0, (index >> _BITS) - 1)
    return (index - (shift << _BITS)) << shift, 1 << shift
