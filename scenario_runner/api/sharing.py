"""One large piece of a step's work, shared out among processes that work on the same run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.answers import StoreStatus

Piece = tuple[str, int, int]
"""Images of one series: its key in the plan, the index of the first, and of the first that does not belong to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToShare:
    """What is shared out: the parameters of the step, and which images. target: whom they go to."""

    step_id: str
    entry: str
    """The id of the step as the scenario has it."""
    attempt: int
    target: str
    parameters: Mapping[str, Any]
    contexts: Sequence[tuple[str, str]]
    """What is proposed to the target, whichever of the images somebody sends."""
    pieces: Sequence[Piece]
    associations: int | None = None
    """How many associations all of them may have together; None where nobody said."""


@dataclass(frozen=True, slots=True)
class SharedStatus:
    """What became of one image, as the process that sent it told. ago: seconds since the answer came.

    told: whether the record has it; nobody told of one that may have been sent when its process was stopped.
    """

    series: str
    index: int
    status: StoreStatus
    earlier: str | None
    ago: float
    told: bool = True


class SharedOut(Protocol):
    """Work that others do."""

    associations: list[Mapping[str, Any]]
    """What the associations of each were, when all is over."""
    opened: int
    """How many associations there were."""

    def __iter__(self) -> Iterator[SharedStatus]:
        """What became of each image, as it is told. Raises FabricatorError for what kept anybody from doing all of it."""
        ...


class Sharing(Protocol):
    """How work is shared out."""

    def __call__(self, work: ToShare, deadline: Any) -> SharedOut | None:
        """Have others do it; None where there is nobody, or too little to do."""
        ...


def pieces_of(images: Iterator[tuple[str, int]]) -> list[Piece]:
    """Runs of images, given as the key of the series and an index, in the order in which they come."""
    found: list[Piece] = []
    for series, index in images:
        if found and found[-1][0] == series and found[-1][2] == index:
            found[-1] = (series, found[-1][1], index + 1)
        else:
            found.append((series, index, index + 1))
    return found


def split(pieces: Sequence[Piece], parts: int) -> list[list[Piece]]:
    """The same in so many parts, whose sizes differ by one at the most; each in order."""
    total = sum(stop - start for _, start, stop in pieces)
    bounds = [total * number // parts for number in range(parts + 1)]
    made: list[list[Piece]] = []
    for low, high in itertools.pairwise(bounds):
        part: list[Piece] = []
        at = 0
        for series, start, stop in pieces:
            begin, end = max(low, at), min(high, at + stop - start)
            if begin < end:
                part.append((series, start + begin - at, start + end - at))
            at += stop - start
        made.append(part)
    return made
