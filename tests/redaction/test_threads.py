"""A thread of a plugin that ends by an exception is a line of the log, without secrets."""

from __future__ import annotations

import logging
import threading

import pytest

from scenario_runner.redaction import MASK, Redactor


def _ended(error: BaseException) -> None:
    def throw() -> None:
        raise error

    thread = threading.Thread(target=throw)
    thread.start()
    thread.join()


def test_what_a_thread_throws_is_a_line_without_the_secret(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    with caplog.at_level(logging.WARNING), Redactor(["hunter22"]).guarding():
        _ended(ValueError("no login with hunter22"))
        _ended(SystemExit("hunter22"))
    (told,) = caplog.messages
    assert f"ValueError: no login with {MASK} (test_threads.py:" in told
    assert "Traceback" not in capsys.readouterr().err
    assert threading.excepthook is threading.__excepthook__


def test_a_hook_that_somebody_else_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    with Redactor([]).guarding():
        _ended(ValueError("x"))
    assert len(seen) == 1


def test_the_first_run_that_ends_takes_the_hook_from_no_other(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    first, second = Redactor(["hunter22"]).guarding(), Redactor(["swordfish9"]).guarding()
    with caplog.at_level(logging.WARNING):
        first.__enter__()
        second.__enter__()
        _ended(ValueError("hunter22 and swordfish9"))
        first.__exit__(None, None, None)
        _ended(ValueError("no login with swordfish9"))
        second.__exit__(None, None, None)
    both, last = caplog.messages
    assert f"ValueError: {MASK} and {MASK} (" in both
    assert f"ValueError: no login with {MASK} (" in last
    assert "Traceback" not in capsys.readouterr().err
    assert threading.excepthook is threading.__excepthook__
