"""Standard streams that take nothing: a full disk, a reader who has gone, and none at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import SMOKE, command, environment, record, write_scenario

pytestmark = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="a disk that is full at once is a Linux thing"
)

FULL = "error: standard output cannot be written: the disk is full\n       make room on it\n"
KEEP = ("--registry", ":memory:")


def said(
    *arguments: str | Path, out: str = "/dev/full", shell: str = "", unbuffered: bool = False
) -> tuple[int, str]:
    """Exit code and stderr of a command whose standard output is that file. shell: redirects more."""
    extra = {"PYTHONUNBUFFERED": "1" if unbuffered else ""}
    with Path(out).open("ab") as output:
        done = subprocess.run(
            ["sh", "-c", f'"$@" {shell}', "sh", *command(*arguments)],
            stdout=output, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
            env=environment(extra),
        )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_run_whose_output_has_no_room_goes_on_and_says_so(
    tmp_path: Path, style: str, unbuffered: bool
) -> None:
    out = tmp_path / "run"
    code, error = said("run", SMOKE, "--format", style, *KEEP, "--out", out, unbuffered=unbuffered)
    assert code == 4
    assert error.endswith(FULL)
    assert error.count("error:") == 1
    assert "Exception ignored" not in error
    assert record(out)["outcome"] == "passed"
    assert record(out)["exit_code"] == 0


def test_a_run_that_failed_keeps_its_own_exit_code_without_room_for_its_output(
    tmp_path: Path,
) -> None:
    wrong = {"equal": {"actual": 1, "expected": 2}}
    scenario = write_scenario(tmp_path / "s.yaml", [{"assert": [wrong]}])
    code, error = said("run", scenario, *KEEP, "--out", tmp_path / "run")
    assert (code, error) == (1, FULL)


@pytest.mark.parametrize("arguments", [("list",), ("validate", SMOKE), ("--help",)])
def test_a_command_whose_output_has_no_room_names_it(arguments: tuple[str | Path, ...]) -> None:
    assert said(*arguments) == (4, FULL)


def test_errors_that_nobody_takes_leave_the_exit_code(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: scenario/v1\nname: bad\nsteps: []\nsteqs: []\n")
    null = os.devnull
    assert said("validate", bad, out=null, shell="2>/dev/full") == (3, "")
    assert said("run", "--nonsense", out=null, shell="2>/dev/full") == (2, "")


def test_streams_that_are_closed_stop_no_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = ("run", SMOKE, *KEEP, "--out", out)
    assert said(*asked, out=os.devnull, shell="<&- >&- 2>&-") == (0, "")
    assert record(out)["outcome"] == "passed"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell pipe that breaks is a POSIX thing")
def test_no_command_passes_whose_judgement_nobody_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("schema: scenario/v1\nname: bad\nsteps: []\nsteqs: []\n")
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command("validate", "--format", "json", bad), stdout=writing, stderr=subprocess.PIPE,
            check=False, timeout=60, env=environment(),
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")
