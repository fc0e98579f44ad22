"""``fabricate serve --open`` and ``--own-window``: whoever starts it need not know the address."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from queue import Queue

import pytest

from scenario_runner.cli.announcing import Announcing
from scenario_runner.cli.windows import Window, window_program
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


def test_the_service_ends_with_its_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, program = tmp_path / "asked", tmp_path / "bin" / "chromium"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\npathlib.Path({str(asked)!r}).write_text(' '.join(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with served(tmp_path / "data", "--own-window") as running:
        assert running.process.wait(60) == 0, "closed at once"
        profile = running.data / "window"
        assert asked.read_text().startswith(f"--app={running.url}/ --user-data-dir={profile} ")


def window_of(tmp_path: Path, script: str, stop: threading.Event) -> Window:
    program = tmp_path / "window"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Window(tmp_path / "profile", program, stop, stop.set)


def test_a_service_whose_window_was_closed_says_that_it_ends_before_it_does(
    tmp_path: Path,
) -> None:
    file, told = tmp_path / "ready", Announcing(tmp_path / "ready")
    seen: Queue[bool] = Queue()

    class Ending(threading.Event):
        def set(self) -> None:
            seen.put(file.exists())
            super().set()

    stop = Ending()
    program = tmp_path / "window"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    with told, Window(tmp_path / "profile", program, stop, lambda: told.ending(stop)) as window:
        told.serves()
        window.show("http://127.0.0.1:1/")
        assert seen.get(timeout=30) is False


def test_a_window_that_is_open_goes_with_the_service_and_no_browser_comes_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("scenario_runner.cli.windows.opened_address", shown.append)
    stop = threading.Event()
    with window_of(tmp_path, "exec sleep 60", stop) as window:
        window.show("http://127.0.0.1:1/")
        (waiting,) = (one for one in threading.enumerate() if one.name == "window")
    waiting.join(30)
    assert (waiting.is_alive(), shown) == (False, [])


def test_the_usual_browser_shows_the_console_where_the_window_crashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: Queue[str] = Queue()
    monkeypatch.setattr("scenario_runner.cli.windows.opened_address", shown.put)
    stop = threading.Event()
    with window_of(tmp_path, "exit 7", stop) as window:
        window.show("http://127.0.0.1:1/")
        assert shown.get(timeout=30) == "http://127.0.0.1:1/"
        assert not stop.is_set()


@pytest.mark.parametrize(
    ("system", "variable", "place"),
    [
        ("win32", "PROGRAMFILES(X86)", "Microsoft/Edge/Application/msedge.exe"),
        ("win32", "LOCALAPPDATA", "Google/Chrome/Application/chrome.exe"),
        ("darwin", "HOME", "Applications/Chromium.app/Contents/MacOS/Chromium"),
        ("linux", "PATH", "microsoft-edge"),
    ],
)
def test_a_browser_with_such_windows_is_found_where_it_is_installed(
    tmp_path: Path, system: str, variable: str, place: str
) -> None:
    assert window_program(system, {variable: str(tmp_path)}) is None
    program = tmp_path / place
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(0o755)
    assert window_program(system, {variable: str(tmp_path)}) == program


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
