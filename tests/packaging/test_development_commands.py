"""The commands that CONTRIBUTING names do what it says; the long ones are composed and looked at."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.running import ROOT

if TYPE_CHECKING:
    from types import ModuleType

PAGE = ROOT / "CONTRIBUTING.md"
LINES = re.findall(r"`python dev\.py ([^`]+)`", PAGE.read_text("utf-8"))
SHORT = ("bench", "test --version", "fix scenario_runner/amounts.py")
"""Run in earnest: each in a process of its own."""


@pytest.fixture
def dev() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_installation_that_takes_minutes_says_so(
    dev: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    called: list[tuple[str, str]] = []
    monkeypatch.setattr(dev.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(dev.sys, "base_prefix", "elsewhere")
    monkeypatch.setattr(dev, "install", lambda *given: called.append(given))
    dev.environment("")
    assert "installing into" in capsys.readouterr().err
    dev.environment("")
    assert called == [(sys.executable, str(ROOT))]
    assert not capsys.readouterr().err, "what is installed is not installed again"


@pytest.mark.parametrize(("codes", "by"), [((0, 0), "uv"), ((0, 2), "pip"), ((1,), "pip")])
def test_what_uv_cannot_install_pip_does(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], by: str
) -> None:
    answers = iter(codes)
    called: list[list[str]] = []

    def call(command: list[str], **_: Any) -> int:
        called.append(command)
        return next(answers, 0)

    monkeypatch.setattr(dev.subprocess, "call", call)
    monkeypatch.setattr(dev.subprocess, "check_call", call)
    dev.install("python", "project[dev]")
    assert called[0][2] == "pip"
    assert called[0][-1] == "uv"
    assert called[-1][2] == by
    assert called[-1][-2:] == ["--editable", "project[dev]"]


def test_every_command_of_the_tables_is_there(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[list[str]] = []

    def call(command: list[str], **_: Any) -> int:
        called.append(command)
        return 0

    monkeypatch.setattr(dev, "environment", lambda _: sys.executable)
    monkeypatch.setattr(dev, "install_peers", list)
    monkeypatch.setattr(dev.subprocess, "call", call)
    monkeypatch.setattr(dev.subprocess, "Popen", lambda *given, **_: _ended(call(*given)))
    known = {*dev.DEVELOPING, "check", "run", "--help"}
    assert {shlex.split(line)[0] for line in LINES} == known
    for line in LINES:
        called.clear()
        assert dev.main(shlex.split(line)) == 0
        assert called or line == "--help", line
        for command in called:
            assert _runnable(command), command


def _ended(code: int) -> AbstractContextManager[SimpleNamespace]:
    return nullcontext(SimpleNamespace(returncode=code))


@pytest.mark.parametrize("failing", ["format", "check", "mypy", "lint-imports", "pytest"])
def test_the_check_fails_whichever_of_its_parts_fails(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    """Types and layers run beside the tests; one that fails there is not lost, and ends them."""
    interrupted: list[bool] = []

    def code(command: list[str], **_: Any) -> int:
        return 3 if any(Path(part).name == failing for part in command) else 0

    monkeypatch.setattr(dev, "environment", lambda _: sys.executable)
    monkeypatch.setattr(dev, "install_peers", list)
    monkeypatch.setattr(dev, "_end", lambda _: interrupted.append(True))
    monkeypatch.setattr(dev.subprocess, "call", code)
    monkeypatch.setattr(dev.subprocess, "Popen", lambda *given, **_: _ended(code(*given)))
    assert dev.main(["check"]) == 3
    assert bool(interrupted) is (failing in ("mypy", "lint-imports"))


@pytest.mark.parametrize(("wrong", "expected"), [("", 0), ("def test_wrong(): assert False", 1)])
def test_what_failed_is_run_once_more_and_nothing_else_is_forgiven(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wrong: str, expected: int
) -> None:
    racing = f"import pathlib; here = pathlib.Path({str(tmp_path / 'came')!r})\n"
    racing += "def test_racing():\n    came = here.exists()\n    here.touch()\n    assert came\n"
    (tmp_path / "test_some.py").write_text(f"{racing}\n{wrong}\n")
    (tmp_path / "test_right.py").write_text(
        "def test_right(): assert not __import__('os').environ.get('AGAIN')"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    first = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=tmp_path, check=False)
    monkeypatch.setenv("AGAIN", "1")  # what passed is not run again: it would fail
    assert first.returncode == dev.SOME_FAILED
    assert dev.once_more(sys.executable, first.returncode) == expected
    assert [dev.once_more(sys.executable, code) for code in (0, 2, 5)] == [0, 2, 5]


def _runnable(command: list[str]) -> bool:
    """Whether what would be run is there: a module, a script of ours, or a program of the environment."""
    program, *rest = command
    if rest[:1] == ["-m"]:
        return importlib.util.find_spec(rest[1]) is not None
    return (ROOT / (rest[0] if rest else program)).exists()


@pytest.mark.parametrize("line", SHORT)
def test_short_commands_run(line: str) -> None:
    arguments = [sys.executable, "-c", _WITHOUT_INSTALLING, *shlex.split(line)]
    done = subprocess.run(arguments, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


_WITHOUT_INSTALLING = """
import sys, dev
dev.environment = lambda _: sys.executable
sys.exit(dev.main(sys.argv[1:]))
"""
