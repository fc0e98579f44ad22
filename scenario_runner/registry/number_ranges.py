"""Which range of numbers comes next, whatever the counter is kept in."""

from __future__ import annotations

from scenario_runner.planning.api import CounterExhausted


def first_free(known: int | None, start: int, step: int) -> int:
    """The first number of start, start + step, … that is not below ``known``."""
    if known is None or known <= start:
        return start
    return start + -(-(known - start) // step) * step


def next_range(known: int | None, start: int, step: int, count: int, last: int) -> tuple[int, int]:
    """(first number, lowest number that stays free). Raises CounterExhausted."""
    first = first_free(known, start, step)
    if count == 0:
        return first, first if known is None else known
    end = first + (count - 1) * step
    if end > last:
        raise CounterExhausted(first, last)
    return first, end + 1
