"""Who asks too often waits, and nobody else does."""

from __future__ import annotations

import pytest

from scenario_runner.service.rates import Rate, Rates, TooOften


def test_who_asks_too_often_waits_as_long_as_is_said_and_others_are_answered() -> None:
    now = [0.0]
    rates = Rates(Rate(3, 60.0), lambda: now[0])
    for _ in range(3):
        rates.count("joy")
    with pytest.raises(TooOften) as refused:
        rates.count("joy")
    assert (refused.value.code, refused.value.wait) == ("too-often", 20)
    rates.count("ann")
    now[0] += refused.value.wait - 0.5
    with pytest.raises(TooOften):
        rates.count("joy")
    now[0] += 0.5
    rates.count("joy")
    now[0] += 3_600
    for _ in range(3):
        rates.count("joy")
    with pytest.raises(TooOften):
        rates.count("joy")


def test_strangers_without_end_do_not_fill_the_memory() -> None:
    rates = Rates(Rate(1, 60.0), lambda: 0.0)
    for number in range(20_000):
        rates.count(str(number))
    assert len(rates._left) == 10_000


def test_without_a_bound_nobody_waits() -> None:
    rates = Rates(None)
    for _ in range(1_000):
        rates.count("joy")
