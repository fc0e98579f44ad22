"""Messages are shown to people and programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.orders.hl7.feeds import order
from tests.running import fabricate


def test_a_message_is_shown_as_a_tree(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(order())
    shown = fabricate("hl7", "show", str(tmp_path / "a.hl7"))
    assert shown.code == 0
    assert "ORM^O01  message 4711  HL7 2.5.1" in shown.out
    assert "PID-5.1      Family Name" in shown.out


def test_a_bad_message_among_others_is_told_and_the_others_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "feed.hl7"
    file.write_bytes(order(control="1") + b"MSH|^~\\&|A\r" + order(control="3"))
    shown = fabricate("hl7", "show", str(file), "--format", "json")
    assert shown.code == 3
    assert {json.loads(line)["message"] for line in shown.out.splitlines()} == {"1", "3"}
    assert "FAB501" in shown.err


@pytest.mark.parametrize("style", ["text", "csv", "json"])
def test_the_mapping_says_where_each_pair_is_written(style: str) -> None:
    shown = fabricate("hl7", "map", "--format", style)
    assert shown.code == 0
    assert "AccessionNumber" in shown.out
    assert "IPC-1.1, OBR-18, OBR-3.1, ORC-3.1" in shown.out
