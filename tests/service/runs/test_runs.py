"""Runs on each kind of database, their processes real: queued, carried out, found again, never begun twice."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.service.asking import Asking
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.errors import NotThere
from scenario_runner.service.permissions import LOCAL
from scenario_runner.service.runs import records
from scenario_runner.service.runs.asked import Asked
from scenario_runner.service.runs.evidence import file_of, lines_from
from scenario_runner.service.runs.job_folder import JobFolder, LastWord, Life, NotWantedError
from scenario_runner.service.runs.records import Run
from scenario_runner.service.runs.runs import Runs, RunsOptions
from tests.running import command, environment, record
from tests.web.runs.scenarios import quick

ME = Asking(LOCAL, "127.0.0.1")


@pytest.fixture
def make(tmp_path: Path, database: Database) -> Callable[[], Runs]:
    """A server's runs, as each server of the folder has them."""
    numbers = itertools.count(1)
    variables = environment({"FABRICATE_REGISTRY": ":memory:"})
    options = RunsOptions(new_id=lambda _: f"run-{next(numbers)}", environment=variables)
    return lambda: Runs(tmp_path / "served", database, options)


def ended(runs: Runs, run_id: str) -> Run:
    until = time.monotonic() + 120
    while (run := runs.get(run_id)).state != "ended":
        assert time.monotonic() < until, run
        time.sleep(0.05)
    return run


def test_runs_are_carried_out_in_order_and_written_down(
    make: Callable[[], Runs], database: Database
) -> None:
    with make() as runs:
        first = runs.ask(ME, Asked(name="quick", text=quick()))
        second = runs.ask(ME, Asked(name="wrong", text="schema: scenario/v1\n"))
        assert (ended(runs, first.id).outcome, first.who) == ("passed", "local")
        refused = ended(runs, second.id)
        assert (refused.outcome, refused.exit_code) == ("refused", 3)
        assert refused.message.startswith("scenario.yaml:1: ")
        with pytest.raises(NotThere):
            runs.get("run-99")
    asked = [one.detail["run"] for one in Trail(database).entries() if one.what == "run-asked"]
    assert asked == [first.id, second.id]


def test_a_list_of_runs_is_told_without_the_scenarios_that_came_as_text(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.writing() as connection:
        for number in range(5):
            asked = Asked(name=f"s{number % 2}", title=f"Title {number}", text="x" * 1000)
            records.add(connection, f"run-{number}", asked, "local")
            if number == 3:
                records.set_to(connection, "run-3", state="ended", outcome="failed")
    whole, total = records.page(database, 3, 1)
    monkeypatch.setattr(records, "asked_from", None)  # nothing of it is read, or this fails
    brief, same = records.listed(database, 3, 1)
    told = [(one.id, one.number, one.asked.name, one.asked.title, one.outcome) for one in brief]
    assert told == [
        (one.id, one.number, one.asked.name, one.asked.title, one.outcome) for one in whole
    ]
    assert (total, same) == (5, 5)
    for which, id_ in (
        (records.Which(scenario="s1", state="queued"), "run-1"),
        (records.Which(outcomes=["failed"]), "run-3"),
    ):
        assert [one.id for one in records.listed(database, 9, 0, which)[0]] == [id_]
    newest = records.get(database, "run-4")
    assert newest is not None
    assert records.ahead(database, newest) == 3  # run-3 has ended


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MemoryError()])
def test_a_disk_that_was_full_once_keeps_no_run_waiting_for_ever(
    make: Callable[[], Runs], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    thrown = [error]
    waiting = Runs._start_waiting

    def once(self: Runs) -> None:
        if thrown:
            raise thrown.pop()
        waiting(self)

    monkeypatch.setattr(Runs, "_start_waiting", once)
    with make() as runs:
        asked = runs.ask(ME, Asked(name="wrong", text="schema: scenario/v1\n"))
        assert ended(runs, asked.id).outcome == "refused"
    assert not thrown


def test_the_command_that_a_run_of_a_server_shows_can_be_repeated(
    make: Callable[[], Runs], tmp_path: Path
) -> None:
    with make() as runs:
        asked = runs.ask(ME, Asked(name="quick", text=quick(), seed=7))
        ended(runs, asked.id)
        shown = record(runs.evidence(asked.id))["command"]
    again = [f"--out={tmp_path / 'again'}" if one.startswith("--out=") else one for one in shown]
    assert not any("job" in one for one in shown if one.startswith("--"))
    subprocess.run(command(*again[1:]), env=environment(), check=True, capture_output=True)
    assert record(tmp_path / "again")["outcome"] == "passed"


def test_a_run_whose_server_was_killed_before_its_process_began_is_begun_once(
    make: Callable[[], Runs], database: Database, tmp_path: Path
) -> None:
    before = make()
    run = before.ask(ME, Asked(name="quick", text=quick()))
    with database.writing() as connection:  # as far as the server had come
        records.set_to(connection, run.id, state="running", attempt=1)
    late = JobFolder(tmp_path / "served" / "run-jobs" / run.id / "1")
    with make() as runs:
        found = ended(runs, run.id)
    assert (found.outcome, found.attempt) == ("passed", 2)
    with pytest.raises(NotWantedError), late.attended(lambda: None):
        raise AssertionError("a process that comes late has begun")


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    path = tmp_path / "job"
    path.mkdir()
    return JobFolder(path)


def test_a_job_is_told_alive_ended_and_dead_apart(job: JobFolder) -> None:
    assert job.life() is Life.UNCLAIMED
    told: list[int] = []
    with job.attended(lambda: told.append(1)) as ended_with:
        assert job.life() is Life.ALIVE
        job.ask_to_stop(at_once=True)
        until = time.monotonic() + 60
        while len(told) < 2:
            assert time.monotonic() < until
            time.sleep(0.01)
        ended_with(130)
    assert job.life() is Life.ENDED
    assert job.last_word() == LastWord(130)
    (job.path / "ended").unlink()
    assert job.life() is Life.DEAD


def test_a_log_is_read_by_whole_lines_and_never_beyond_its_folder(tmp_path: Path) -> None:
    log = tmp_path / "run" / "events.ndjson"
    log.parent.mkdir()
    log.write_bytes(b'{"seq":1}\n{"seq":2}\n{"se')
    assert lines_from(log, 0) == ([b'{"seq":1}', b'{"seq":2}'], 20)
    assert lines_from(log, 20) == ([], 20)
    assert lines_from(log, 1 << 70) == ([], 1 << 70)
    long = b"x" * (3 << 20)
    log.write_bytes(long + b"\n")
    assert lines_from(log, 0) == ([long], len(long) + 1)
    (tmp_path / "secret").write_text("x")
    (log.parent / "link").symlink_to(tmp_path / "secret")
    for path in ("../secret", str(tmp_path / "secret"), "link", "", ".", "a\0b", "x" * 5000):
        with pytest.raises(NotThere):
            file_of(log.parent, path)
