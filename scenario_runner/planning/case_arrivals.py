"""Which case begins with which arrival of a load of whole cases."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

from scenario_runner.planning.arrivals import Arrival, arrivals
from scenario_runner.planning.matrix import MAX_CASES
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scenario_runner.language.loads import CaseLoad

T = TypeVar("T")
Taken = list[tuple[T, Arrival | None, int | None]]


def arriving(
    found: Iterable[T], load: CaseLoad | None, seed: str, *, once: bool
) -> Taken[T] | ValueProblem:
    """Each case with when it arrives, and its number from 1; neither without a load.

    found: the combinations, which take turns. once: whether each is taken once at the most, being a row of a table. seed:
    what random arrivals are drawn from. A problem where there would be too many, or none.
    """
    combinations = list(found)
    if load is None or not combinations:
        return [(one, None, None) for one in combinations]
    times: list[Arrival | None]
    if load.is_open:
        times = list(itertools.islice(arrivals(load, seed), MAX_CASES + 1))
    else:
        times = [None] * (load.cases or len(combinations))
    if not times:
        return ValueProblem("FAB309", "no case arrives in this load", "make the stages longer")
    if len(times) > MAX_CASES and not once:
        return ValueProblem(
            "FAB309",
            f"more than {MAX_CASES} cases arrive in this load; {MAX_CASES} is the limit",
            "a load on a step, as on send, may offer any number",
        )
    turns: Iterable[T] = combinations if once else itertools.cycle(combinations)
    # What has no arrival is not begun, nor is what there is no case for.
    pairs = zip(turns, times, strict=False)
    return [(one, at, number) for number, (one, at) in enumerate(pairs, start=1)]
