"""What a person sees on a terminal while a run goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from scenario_runner.cli.console import Console
from scenario_runner.cli.live_bars import figures
from scenario_runner.cli.live_progress import Live
from scenario_runner.events import (
    CaseFinished,
    CaseStarted,
    Event,
    InstanceSent,
    Outcome,
    Progress,
    RunStarted,
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


def run_started(cases: int) -> Event:
    return RunStarted(
        run="r", seed=1, seed_given=False, command=[], environment={}, site="s", targets=[],
        sources=[], cases=cases,
    )  # fmt: skip


def case_started(case: str, matrix: dict[str, Any] | None = None) -> Event:
    return CaseStarted(
        case=case, name="c", scenario={}, matrix=matrix or {}, seed=1, counts={}, steps=[]
    )  # fmt: skip


def test_a_step_that_is_over_leaves_the_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    with Live() as live:
        live.take(run_started(1))
        bar = live._bars
        assert bar is not None
        for number in range(3):
            live.take(step(StepStarted, number))
            assert len(bar.tasks) == 1
            live.take(step(StepFinished, number))
            assert not bar.tasks


def drawn(live: Live) -> None:
    assert live._bars is not None
    live._bars.refresh()
    live._bars.console.print(live._bars.get_renderable())


def sent(case: str, number: int, status: str, *, comment: str = "") -> InstanceSent:
    return InstanceSent(
        case=case, id="send", target="pacs", image=f"p1.s1.e1.i{number}", uid="1.2", status=status,
        stored=status == "0000", maybe_stored=False, comment=comment,
    )  # fmt: skip


def test_the_live_display_says_how_far_and_what_the_pacs_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TERM", "xterm-256color")
    case = "c[colour=red,red]"
    with Live() as live:
        live.take(run_started(24))
        live.take(case_started("c[colour=blue]"))
        live.take(CaseFinished(case="c[colour=blue]", outcome="failed", duration_s=1, message=""))
        live.take(case_started(case))
        live.take(StepStarted(case=case, id="send", step="send", title="", section="steps"))
        live.take(sent(case, 1, "0000"))
        live.take(sent(case, 2, "0000"))
        live.take(sent(case, 3, "A700", comment="out of space"))
        live.take(Progress(case=case, id="send", done=3, total=9, unit="images"))
        drawn(live)
    shown = capsys.readouterr().err
    assert "send" in shown
    assert "3/9" in shown
    assert "2 x 0000, 1 x A700; out of space" in shown
    assert "case 2 of 24, 1 did not pass" in shown


def test_beside_one_another_a_bar_names_its_case_and_a_failure_is_told_before_its_case_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("TERM", "xterm-256color")
    with Live(side_by_side=True) as live:
        live.take(run_started(2))
        live.take(case_started("c", {"station": "CT1"}))
        live.take(StepStarted(case="c", id="s1", step="log", title="Ask", section="steps"))
        drawn(live)
        assert "CT1 · Ask" in capsys.readouterr().err
        live.take(case_started("d", {"station": "CT2"}))
        drawn(live)
        assert "case 2 of 2, 2 at once" in capsys.readouterr().err
        live.take(
            StepFinished(
                case="c", id="s1", step="log", title="Ask", section="steps", outcome="failed",
                attempts=1, started="", duration_s=0.0, message="nobody answers", facts={},
                requirements=[],
            )
        )  # fmt: skip
        drawn(live)
    assert "FAIL CT1 · Ask: nobody answers" in capsys.readouterr().err


def test_lines_of_cases_that_turn_out_to_run_at_once_stand_below_their_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def over(case: str, text: str) -> Event:
        return StepFinished(
            case=case, id="s1", step="log", title=text, section="steps", outcome="passed",
            attempts=1, started="", duration_s=0.0, message="", facts={}, requirements=[],
        )  # fmt: skip

    def ended(case: str) -> Event:
        return CaseFinished(case=case, outcome="passed", duration_s=0.0, message="")

    told = [
        case_started("a"), over("a", "first"), case_started("b"), over("a", "second"),
        over("b", "other"), ended("b"), ended("a"), case_started("c"), ended("c"),
    ]  # fmt: skip
    with Console() as console:
        for number, event in enumerate(told, start=1):
            console.handle(Stamped(number, "", event))
    shown = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert shown == ["a", "first", "b", "other", "a", "second", "c"]


def test_on_a_terminal_that_cannot_move_nothing_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    with Live() as live:
        live.take(run_started(2))
    assert capsys.readouterr().err == ""


def test_the_figures_of_a_bar_have_a_rate_the_time_and_the_time_left() -> None:
    assert figures(300, 900, 50, 6) == "300/900  50/s  6 s, 12 s left"
    assert figures(3, None, 0.5, 6) == "3  0.5/s  6 s"
    assert figures(0, None, None, 4000) == "1:06:40 h"
    assert figures(10, 10, 5, 125) == "10/10  5.0/s  2:05 min"


@pytest.mark.parametrize("loud", [False, True])
def test_quiet_says_only_what_did_not_pass(loud: bool, tmp_path: Path) -> None:
    failing = [{"send": {"to": "pacs"}}, {"assert": [{"equal": {"actual": 1, "expected": 2}}]}]
    passing = [{"send": {"to": "pacs"}}, {"assert": [{"equal": {"actual": 1, "expected": 1}}]}]
    write_scenario(tmp_path / "wrong.yaml", failing)
    write_scenario(tmp_path / "right.yaml", passing)
    word = "--verbose" if loud else "-q"
    files = (tmp_path / "right.yaml", tmp_path / "wrong.yaml")
    done = fabricate(word, "run", *files, "--registry", ":memory:", cwd=tmp_path).check(1)
    assert ("right\n" in done.out) == loud
    assert "- equal" in done.out
    assert ("+ equal" in done.out) == loud
    quiet = fabricate("run", "right.yaml", "--registry", ":memory:", "-q", cwd=tmp_path).check()
    assert quiet.out + quiet.err == ""


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


@pytest.mark.parametrize("step_says_it", [False, True])
def test_why_a_case_ended_is_said_once_also_where_no_step_came_so_far(
    capsys: pytest.CaptureFixture[str], step_says_it: bool
) -> None:
    """Such as that of a worker that could not tell any more: its disk is full, or it was killed again and again."""
    step = StepFinished(
        case="c", id="s1", step="log", title="", section="steps", outcome="error", attempts=1,
        started="", duration_s=0.0, message="the disk is full", facts={}, requirements=[],
    )  # fmt: skip
    with Console() as console:
        if step_says_it:
            console.handle(Stamped(1, "", step))
        over = CaseFinished(case="c", outcome="error", duration_s=1, message="the disk is full")
        console.handle(Stamped(2, "", over))
    assert capsys.readouterr().out.count("the disk is full") == 1


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
def test_a_reader_that_has_seen_enough_is_no_defect(tmp_path: Path) -> None:
    import subprocess

    where = ("--registry", str(tmp_path / "r.sqlite3"))
    fabricate("patient", "generate", "--count", "3000", "--format", "csv", *where).check()
    process = subprocess.Popen(
        command("patient", "list", "--format", "json", *where),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert (
        process.wait(timeout=60) == 141
    )  # as a shell tells of every program whose reader has gone


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
