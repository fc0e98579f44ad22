"""What a person sees on a terminal while a run goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.cli.console import Console
from scenario_runner.events import (
    CaseFinished,
    Event,
    Outcome,
    Progress,
    Stamped,
    StepFinished,
    StepStarted,
)
from tests.running import SMOKE, command, environment, fabricate, record, write_scenario


def step(kind: type[StepStarted | StepFinished], number: int) -> Event:
    common: dict[str, Any] = {
        "case": "c",
        "id": f"s{number}",
        "step": "log",
        "title": "",
        "section": "steps",
    }
    if kind is StepStarted:
        return StepStarted(**common)
    return StepFinished(
        **common, outcome="passed", attempts=1, started="", duration_s=0.0, message="", facts={},
        requirements=[],
    )  # fmt: skip


def test_a_step_that_is_over_leaves_the_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Console() as console:
        bar = console._bar
        assert bar is not None
        for number in range(3):
            console.handle(Stamped(1, "", step(StepStarted, number)))
            assert len(bar.tasks) == 1
            console.handle(Stamped(2, "", step(StepFinished, number)))
            assert not bar.tasks


def test_the_live_display_names_a_case_with_its_matrix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    case = "c[colour=red,red]"
    started = StepStarted(case=case, id="send", step="send", title="", section="steps")
    with Console() as console:
        console.handle(Stamped(1, "", started))
        assert console._bar is not None
        console._bar.refresh()
        sent = Progress(case=case, id="send", done=3, total=9, unit="images")
        console.handle(Stamped(2, "", sent))
        console._bar.refresh()
        [task] = console._bar.tasks
        assert task.fields["count"] == "3/9"
        console._bar.console.print(console._bar.get_renderable())
    assert "c[colour=red,red]: send" in capsys.readouterr().err


def test_a_run_of_many_cases_ends_with_those_that_did_not_pass(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Console() as console:
        for number in range(30):
            outcome: Outcome = "failed" if number % 10 == 7 else "passed"
            finished = CaseFinished(
                case=f"c[n={number}]", outcome=outcome, duration_s=0.1, message=""
            )
            console.handle(Stamped(number, "", finished))
        console.summary(Path("run"))
    out = capsys.readouterr().out.splitlines()
    assert out[:4] == [
        "did not pass:",
        "  FAIL   c[n=7]",
        "  FAIL   c[n=17]",
        "  FAIL   c[n=27]",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal is a POSIX thing")
def test_on_a_terminal_results_and_progress_do_not_mix(tmp_path: Path) -> None:
    import os
    import pty
    import subprocess

    ours, theirs = pty.openpty()
    arguments = ("run", SMOKE, "--registry", ":memory:", "--out", tmp_path / "run")
    process = subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment()
    )
    os.close(theirs)
    screen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        screen += part
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.splitlines()[-1].startswith("report: ")
    assert "\x1b" not in out
    assert b"Send it" in screen


def test_a_terminal_without_the_letters_does_not_end_a_run(tmp_path: Path) -> None:
    scenario = write_scenario(
        tmp_path / "s.yaml", [{"log": {"message": "{{ patients[0].name }}"}}],
        patients=[{"name": {"locale": "ja_JP"}, "studies": [{"series": [{"modality": "CT"}]}]}],
    )  # fmt: skip
    out = tmp_path / "run"
    env = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = fabricate("run", scenario, "--registry", ":memory:", "--out", out, env=env).check()
    assert "=" in done.out
    assert record(out)["outcome"] == "passed"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell pipe that breaks is a POSIX thing")
def test_a_reader_that_goes_away_does_not_end_a_run(tmp_path: Path) -> None:
    import subprocess

    out = tmp_path / "run"
    process = subprocess.Popen(
        command("run", SMOKE, "--registry", ":memory:", "--out", out),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 0
    assert b"Traceback" not in error
    assert record(out)["outcome"] == "passed"
