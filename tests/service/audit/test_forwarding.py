"""Audit messages go on to their receiver, whatever went wrong once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenario_runner.service.audit import forwarding
from scenario_runner.service.audit.forwarding import Forwarder


class Throwing:
    """A trail that throws when it is read, and afterwards has nothing new."""

    def __init__(self, error: Exception) -> None:
        self.thrown = [error]
        self.asked: list[int] = []

    def entries(self, *, after: int, limit: int) -> list[Any]:
        del limit
        self.asked.append(after)
        if self.thrown:
            raise self.thrown.pop()
        return []


@pytest.mark.parametrize("error", [MemoryError(), ValueError("odd"), RecursionError()])
def test_what_is_thrown_once_does_not_end_the_forwarding_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(forwarding, "_AFTER_TROUBLE", 0.01)
    monkeypatch.setattr(forwarding, "_EVERY", 0.01)
    memory = tmp_path / "sent"
    memory.write_bytes(b"\xff\xff")
    trail = Throwing(error)
    forwarder = Forwarder(trail, None, None, memory)  # type: ignore[arg-type]
    forwarder.start()
    while len(trail.asked) < 2 and forwarder._thread.is_alive():
        forwarder._thread.join(0.01)
    assert forwarder._thread.is_alive()
    forwarder.stop()
    assert set(trail.asked) == {0}
