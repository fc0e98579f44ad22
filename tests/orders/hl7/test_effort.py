"""What reading takes, counted in calls rather than seconds: a feed has thousands of orders."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Final

import pytest

from scenario_runner.orders.hl7 import Hl7Error, Message
from scenario_runner.orders.hl7.groups import MAX_STEPS, by_procedure
from scenario_runner.orders.hl7.reading import orders
from scenario_runner.orders.order import Said
from tests.orders.hl7.feeds import PID, message, order

_MOST: Final = 95


def _calls(messages: list[bytes]) -> float:
    count = 0

    def told(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(told)
    try:
        for message in messages:
            orders(Message.read(message))
    finally:
        sys.setprofile(before)
    return count / len(messages)


def test_what_recurs_in_a_feed_is_worked_out_once() -> None:
    feed = [
        order(
            "OBX|1|NM|29463-7^Weight^LN||70|kg",
            "NTE|1||Please call before",
            pid=PID.replace("P1", f"P{number}").replace("EVA", f"EVA^{'IVXL' * (number % 9)}"),
            orc=f"ORC|NW|PL{number}^RIS|FI{number}^PACS||||^^^2026020310{number % 60:02}00^^S",
            control=f"C{number}",
        )
        for number in range(200)
    ]
    _calls(feed[:100])
    assert _calls(feed[100:]) < _MOST


def test_a_text_of_very_many_escape_sequences_is_not_read_one_by_one() -> None:
    many = order("NTE|1||" + "\\T\\\\.br\\\\X41\\" * 70_000)
    assert _calls([many]) < 20_000


def test_results_of_before_are_told_from_orders_one_by_one() -> None:
    pairs = [
        part
        for number in range(400)
        for part in (f"ORC|{'PR' if number % 2 else 'NW'}|P{number}|F{number}", "OBR|1|||X^Y^L")
    ]
    assert _calls([message(PID, *pairs, kind="OMG^O19")]) < 400 * _MOST


def test_an_order_of_more_scheduled_steps_than_anybody_has_is_refused() -> None:
    """Each would have all other segments of the order read again."""
    steps = [f"IPC|A7|RP7|1.2.7|S{number}|MR|PR7^Head^L" for number in range(MAX_STEPS + 1)]
    head = (PID, "ORC|NW|PL1|FI1", "OBR|1|PL1|FI1|X^Y^L")
    (found,) = orders(Message.read(message(*head, *steps[:-1], kind="OMI^O23")))
    assert len(found.steps) == MAX_STEPS - 1
    with pytest.raises(Hl7Error, match="100 scheduled steps") as told:
        orders(Message.read(message(*head, *steps, kind="OMI^O23")))
    assert told.value.diagnostics[0].where.line == MAX_STEPS + 5


def test_protocols_of_a_step_are_not_each_held_against_all_others() -> None:
    compared = 0

    class Code(dict[str, str]):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = None

    head = (PID, "ORC|NW|PL1|FI1", "OBR|1|PL1|FI1|X^Y^L", "IPC|A7|RP7|1.2.7|S1|MR|PR7^Head^L")
    (first,) = orders(Message.read(message(*head, kind="OMI^O23")))
    keyword = "ScheduledProtocolCodeSequence"
    protocols = [
        replace(first, said={**first.said, keyword: Said("", first.place, [Code(CodeValue=f"{number}")])})
        for number in range(100)
    ]  # fmt: skip
    (whole,) = by_procedure(protocols)
    assert [one["CodeValue"] for one in whole.said[keyword].items] == [f"{n}" for n in range(100)]
    assert compared < 100
