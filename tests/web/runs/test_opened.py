"""``fabricate serve --open``: whoever starts it need not know the address."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from scenario_runner.web.serving import reached_at
from tests.web.served import served


def test_the_browser_is_shown_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, program = tmp_path / "shown", tmp_path / "browser"
    program.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\npathlib.Path({str(shown)!r}).write_text(sys.argv[1])\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(program))
    with served(tmp_path / "data", "--open") as running:
        until = time.monotonic() + 60
        while not (shown.is_file() and shown.read_text()):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert shown.read_text() == f"{running.url}/"


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("http://0.0.0.0:80", "http://127.0.0.1:80/"),
        ("http://[::]:80", "http://[::1]:80/"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
    ],
)
def test_all_addresses_are_no_address_for_a_browser(origin: str, address: str) -> None:
    assert reached_at(origin) == address
