"""Messages that differ in every way that feeds differ give the identifiers expected."""

from __future__ import annotations

import pytest

from scenario_runner.orders.hl7 import Message
from scenario_runner.orders.hl7.files import messages
from scenario_runner.orders.hl7.reading import orders
from tests.orders.hl7.forty import CASES, IDENTIFIERS, Case, page
from tests.running import ROOT


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_order_gives_its_identifiers(case: Case) -> None:
    found = []
    for message in messages(case.data, "feed.hl7"):
        assert isinstance(message, Message), message
        found += [tuple(map(order.text, IDENTIFIERS)) for order in orders(message)]
    assert found == list(case.orders)


def test_there_are_forty_and_the_page_lists_them() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    assert (ROOT / "docs/reference/hl7-messages.md").read_text("utf-8") == page()
