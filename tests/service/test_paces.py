"""A body may be late for a while and slow for a while, and few of one address may be at once."""

from __future__ import annotations

import pytest

from scenario_runner.service.errors import TooSlow
from scenario_runner.service.paces import Pace, Paces

PACE = Pace(grace=20, slowest=1_000, slow_at_once=2)


def test_a_body_that_keeps_up_goes_on_for_ever() -> None:
    body = Paces(PACE).begin("a")
    for _ in range(100):
        body.waited(5, 5_000)


def test_one_that_trickles_has_its_grace_and_no_more() -> None:
    body = Paces(PACE).begin("a")
    for _ in range(19):
        body.waited(1, 1)
    with pytest.raises(TooSlow, match="20 bytes within 20 s"):
        body.waited(1, 1)


def test_a_quick_beginning_buys_no_time_for_later() -> None:
    body = Paces(PACE).begin("a")
    body.waited(20, 1 << 30)
    body.waited(19, 0)
    with pytest.raises(TooSlow):
        body.waited(1, 0)


def test_of_one_address_few_are_slow_at_once_and_others_do_not_suffer_for_it() -> None:
    paces = Paces(PACE)
    slow = [paces.begin("a") for _ in range(2)]
    for one in slow:
        one.waited(3, 0)
    third, stranger, quick = paces.begin("a"), paces.begin("b"), paces.begin("a")
    stranger.waited(3, 0)
    quick.waited(3, 3_000)
    with pytest.raises(TooSlow, match="2 others"):
        third.waited(3, 0)
    third.end()
    slow[0].end()
    paces.begin("a").waited(3, 0)


def test_one_that_comes_well_again_is_slow_no_more() -> None:
    paces = Paces(PACE)
    first, second, third = (paces.begin("a") for _ in range(3))
    for one in (first, second):
        one.waited(3, 0)
    first.waited(1, 10_000)
    third.waited(3, 0)


def test_it_is_looked_soon_and_then_when_the_grace_is_over() -> None:
    body = Paces(PACE).begin("a")
    assert body.patience() == 2
    body.waited(2, 0)
    assert body.patience() == 18
