"""Looking at some of many: how many say how much, and which they are."""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Final, TypeVar

from pydantic import Field

from scenario_runner.fields.types import Model
from scenario_runner.language.quantities import Share

T = TypeVar("T")
_ROUNDED: Final = 1e-9
"""What logarithms of chances that are the same may differ by."""


class Sample(Model):
    """How sure to be of what.

    ``{confidence: 95%, defects: 1%}`` looks at so many that, were 1 % of all wrong, at least one of these would
    be seen with 95 % confidence.
    """

    confidence: Share = Field(default=0.95, gt=0, examples=["95%"])
    """How sure."""
    defects: Share = Field(default=0.01, gt=0, examples=["1%"])
    """The share of all that would not stay unseen."""

    def size(self, total: int) -> int:
        """How many of ``total`` are to be looked at: all, when there are not many more.

        The least n of which, drawn without putting back, none is bad with a chance of at most 1 - confidence
        when ``defects`` of all are bad (hypergeometric distribution).
        """
        # By its decimals: 7 % of 100 are 7, and not the 8 that binary fractions come to, for which fewer would do.
        bad = max(1, math.ceil(total * Fraction(f"{self.defects:.12f}")))
        if self.confidence >= 1 or bad >= total:
            return total if self.confidence >= 1 else min(total, 1)
        least, most = 1, total
        wanted = math.log1p(-self.confidence) + _ROUNDED
        while least < most:
            middle = (least + most) // 2
            if _log_chance_of_none(total, bad, middle) <= wanted:
                most = middle
            else:
                least = middle + 1
        return least

    @property
    def words(self) -> str:
        """What follows when none of the sample is wrong."""
        return (
            f"with {100 * self.confidence:g} % confidence fewer than {100 * self.defects:g} % of all are"
            " otherwise"
        )


def _log_chance_of_none(total: int, bad: int, seen: int) -> float:
    """Of seeing none of the bad ones: C(total - bad, seen) / C(total, seen)."""
    if seen > total - bad:
        return -math.inf
    return (
        math.lgamma(total - bad + 1)
        - math.lgamma(total - bad - seen + 1)
        - math.lgamma(total + 1)
        + math.lgamma(total - seen + 1)
    )


def chosen(things: Iterable[T], size: int, seed: str, name: Callable[[T], str]) -> list[T]:
    """``size`` of the things, the same again for the same seed, in the order they came; keeps no more than these.

    name: what tells one from another.
    """
    kept: list[tuple[int, int, T]] = []
    for place, one in enumerate(things):
        digest = hashlib.sha256(f"{seed}/{name(one)}".encode()).digest()
        rank = -int.from_bytes(digest[:8], "big")
        if len(kept) < size:
            heapq.heappush(kept, (rank, place, one))
        elif kept and rank > kept[0][0]:
            heapq.heapreplace(kept, (rank, place, one))
    return [one for _, _, one in sorted(kept, key=lambda entry: entry[1])]
