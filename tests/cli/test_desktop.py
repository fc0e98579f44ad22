"""``fabricate-desktop`` where there is no terminal: what goes wrong is shown all the same."""

from __future__ import annotations

import sys
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

import pytest

from scenario_runner.cli import desktop


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was asked to show; the program has a home of its own."""
    opened: list[str] = []

    def show(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fabricate-desktop"])
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", show)
    return opened


def text_of(url: str) -> str:
    """What lies at a file's URL."""
    return Path(unquote(urlsplit(url).path)).read_text("utf-8")


def start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start it where there is no terminal."""
    with monkeypatch.context() as without:
        without.setattr(sys, "stdout", None)
        without.setattr(sys, "stderr", None)
        with pytest.raises(SystemExit):
            desktop.main()
        log: Any = sys.stdout
        if log is not None:
            log.close()


def ending(code: int, words: str) -> Callable[[], NoReturn]:
    """A program that says something and ends."""

    def run() -> NoReturn:
        sys.stdout.write(f"{words}\n")
        raise SystemExit(code)

    return run


def test_a_second_start_keeps_what_the_first_one_said(
    tmp_path: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    for code, words in ((0, "the first one serves"), (3, "it is in use by another process")):
        monkeypatch.setattr(desktop, "fabricate", ending(code, words))
        start(monkeypatch)
    [log] = shown
    assert "the first one serves" in text_of(log)
    assert "it is in use by another process" in text_of(log)


def test_a_log_that_grows_begins_anew_beside_the_old_one(
    tmp_path: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "home" / desktop.FOLDER
    folder.mkdir(parents=True)
    (folder / "fabricate.log").write_bytes(b"x" * (1 << 20) + b"\n")
    monkeypatch.setattr(desktop, "fabricate", ending(3, "no"))
    start(monkeypatch)
    assert len(text_of(shown[0])) < 200
    assert (folder / "fabricate.old.log").stat().st_size > 1 << 20


def test_a_home_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").write_bytes(b"")
    start(monkeypatch)
    assert "cannot start: the folder '" in text_of(shown[0])
    assert "DICOM Fabricator' cannot be used" in text_of(shown[0])
