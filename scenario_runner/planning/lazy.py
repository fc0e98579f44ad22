"""A sequence that makes its members when asked, always the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T], Generic[T]):
    """``make(0)`` … ``make(size - 1)``, nothing kept. A slice is lazy too.

    ``make`` may be set after construction, for members that refer to what holds them.
    """

    __slots__ = ("_places", "make")

    def __init__(self, size: int | range, make: Callable[[int], T] | None = None) -> None:
        self._places = range(size) if isinstance(size, int) else size
        self.make = make

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> Lazy[T]: ...
    def __getitem__(self, place: int | slice) -> T | Lazy[T]:
        if isinstance(place, slice):
            return Lazy(self._places[place], self.make)
        assert self.make is not None
        return self.make(self._places[place])

    def __iter__(self) -> Iterator[T]:
        assert self.make is not None
        return map(self.make, self._places)

    def __repr__(self) -> str:
        return f"<{len(self)} planned>"
