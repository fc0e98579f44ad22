"""From a place among all entities to the part it belongs to."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Counted(Protocol):
    """A part: ``count`` entities from ``first`` on."""

    @property
    def first(self) -> int:
        """Place of its first entity."""
        ...

    @property
    def count(self) -> int:
        """How many there are."""
        ...


P = TypeVar("P", bound=Counted)
M = TypeVar("M")


def finder(parts: Sequence[P], maker: Callable[[P], M]) -> Callable[[int], tuple[M, int]]:
    """A function from a place to the maker of its part and the place within the part."""
    # A part without entities would begin where the next one does.
    filled = [(part.first, maker(part)) for part in parts if part.count]
    if len(filled) == 1:
        only = filled[0][1]
        return lambda place: (only, place)
    starts = [first for first, _ in filled]

    def find(place: int) -> tuple[M, int]:
        first, made = filled[bisect_right(starts, place) - 1]
        return made, place - first

    return find
