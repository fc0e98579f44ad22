"""What a stranger puts on the broker is kept or put aside, and stands in the way of nothing that came with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.service.validator.events import UPLOADED, Event, now
from scenario_runner.service.validator.journal import Journal
from scenario_runner.service.validator.nats_gateway import _unreadable
from scenario_runner.service.validator.nats_stream import event_in

_EVENT = Event(f"{1:032x}", UPLOADED, now(), data={"size": 1}).plain()
_DEEP: Any = []
for _ in range(400):
    _DEEP = [_DEEP]


@pytest.mark.parametrize(
    "odd",
    [
        {"data": {"name": "\ud800"}},
        {"data": {"\udfff": 1}},
        {"data": {"deep": _DEEP}},
        {"turn": 10**30},
        {"turn": 1 << 63},
    ],
    ids=["half a pair", "half a pair as a name", "deep", "large", "just too large"],
)
def test_what_no_journal_can_hold_is_no_event(odd: dict[str, Any]) -> None:
    event, fault = event_in(json.dumps({**_EVENT, **odd}).encode())
    assert event is None
    assert fault.startswith("not an event")
    assert event_in(json.dumps(_EVENT).encode())[0] is not None


@pytest.mark.parametrize("part", ["role", "reason", "payload"])
def test_what_is_put_aside_can_be_written_down(tmp_path: Path, part: str) -> None:
    said = {"role": "validator", "reason": "no event", "payload": "x", part: "half \ud800"}
    row = _unreadable(json.dumps(said).encode(), "not an event")
    with Journal(tmp_path / "journal") as journal:
        journal.write(refused=[row]).result(60)
        [kept] = journal.refused()
    assert "half \\ud800" in (kept.role, kept.reason, kept.payload)
