"""What reading takes, counted in calls rather than seconds: a feed has thousands of orders."""

from __future__ import annotations

import sys
from typing import Final

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.reading import orders
from tests.orders.hl7.feeds import PID, order

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
