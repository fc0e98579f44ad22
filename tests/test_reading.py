"""A named pipe in the place of a file: what is written to it is read, and nobody waits where nobody writes."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

import pytest

from scenario_runner.cli.group import fabricate
from scenario_runner.cli.output import reported
from scenario_runner.reading import read_at_most
from tests.running import write_scenario

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
TOLD = "it is a pipe, and nobody writes to it"


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("size", [1, 300_000])
def test_what_is_written_to_a_pipe_is_read_to_its_end(pipe: Path, size: int) -> None:
    thread = threading.Thread(target=pipe.write_bytes, args=(b"x" * size,))
    thread.start()
    assert read_at_most(pipe, 1 << 20) == b"x" * size
    thread.join()


def test_a_pipe_that_is_read_again_gives_what_it_gave(
    pipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: float) -> None:
        raise AssertionError("nobody writes to it any more")

    thread = threading.Thread(target=pipe.write_bytes, args=(b"once",))
    thread.start()
    assert read_at_most(pipe, 10) == b"once"
    thread.join()
    monkeypatch.setattr("scenario_runner.reading.sleep", refuse)
    assert read_at_most(pipe, 10) == b"once"
    assert read_at_most(pipe, 2) == b"on"


def test_a_new_pipe_in_the_place_of_one_that_was_read_is_waited_for(pipe: Path) -> None:
    """It may have the number of the one before, whose text was given for it."""
    thread = threading.Thread(target=pipe.write_bytes, args=(b"old",))
    thread.start()
    assert read_at_most(pipe, 10) == b"old"
    thread.join()
    pipe.unlink()
    os.mkfifo(pipe)
    writer = threading.Timer(0.1, pipe.write_bytes, [b"new"])
    writer.start()
    try:
        assert read_at_most(pipe, 10) == b"new"
    finally:
        os.close(
            os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        )  # lets a writer go that nobody reads from
        writer.cancel()


def test_a_line_of_a_pipe_is_shown_and_a_site_may_be_one(
    tmp_path: Path, pipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of ``--site <(sops decrypt site.yaml)``."""
    os.mkfifo(tmp_path / "site")
    scenario, site = (
        b"schema: scenario/v1\nname: a\nsteps: [{eco: {}}]\n",
        b"schema: site/v1\nname: a\n",
    )
    texts = {pipe: scenario, tmp_path / "site": site + b"targets: {pacs: {embedded: {}}}\n"}
    writers = [threading.Thread(target=to.write_bytes, args=(text,)) for to, text in texts.items()]
    for one in writers:
        one.start()
    command = ["validate", str(pipe), "--site", str(tmp_path / "site")]
    assert reported(partial(fabricate.main, command)) == 3
    for one in writers:
        one.join()
    shown = capsys.readouterr().out
    assert "    3 | steps: [{eco: {}}]" in shown


def test_a_writer_that_takes_its_time_is_waited_for(pipe: Path) -> None:
    begun, on = threading.Event(), threading.Event()

    def write() -> None:
        with pipe.open("wb", buffering=0) as stream:
            stream.write(b"a")
            begun.set()
            on.wait()
            stream.write(b"b")

    def go_on() -> None:
        begun.wait()
        on.set()

    thread = threading.Thread(target=write)
    thread.start()
    other = threading.Thread(target=go_on)
    other.start()
    assert read_at_most(pipe, 10) == b"ab"
    thread.join()
    other.join()


@pytest.mark.parametrize(
    "command",
    [
        ("validate", "pipe.yaml"), ("run", "pipe.yaml"), ("fmt", "pipe.yaml"), ("validate", "rows.yaml"),
        ("plan", "source.yaml"), ("hl7", "show", "pipe.hl7"), ("from-hl7", "pipe.hl7"), ("verify", "run", "--trust", "pipe.pem"),
        ("sign", "run", "--key", "pipe.pem", "--name", "A", "--meaning", "reviewed"),
    ],
)  # fmt: skip
def test_a_pipe_that_nobody_writes_to_is_told_of(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
) -> None:
    for suffix in ("yaml", "csv", "hl7", "pem"):
        os.mkfifo(tmp_path / f"pipe.{suffix}")
    (tmp_path / "run").mkdir()
    entries = [{"log": {"message": "x"}}]
    write_scenario(tmp_path / "rows.yaml", entries, rows="pipe.csv")
    write_scenario(tmp_path / "source.yaml", entries, patients=[{"from": {"csv": "pipe.csv"}}])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scenario_runner.reading._PATIENCE", 0.05)
    assert reported(partial(fabricate.main, list(command))) in (2, 3, 4)
    shown = capsys.readouterr()
    assert TOLD in shown.out + shown.err
