"""What was left in the middle is settled as soon as it can be, whatever was thrown before."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.service import settling


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_what_is_thrown_once_does_not_end_the_settling_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(settling, "_AGAIN", 0.01)
    again = threading.Event()
    thrown = [error]

    class Home:
        """An archive that throws once, after the start."""

        asked = 0

        def on_settled(self, told: object) -> None:
            del told

        def settle(self) -> None:
            self.asked += 1
            if self.asked > 1 and thrown:
                raise thrown.pop()
            if self.asked > 2:
                again.set()

    with Database(tmp_path / "registry.sqlite3") as database:
        made = settling.Settling(database, Home())  # type: ignore[arg-type]
        made.start()
        try:
            assert again.wait(20)
        finally:
            made.close()
