"""The server, or the process of a run, is killed: what goes on goes on, and what died is said to have died."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.web.runs.asking import (
    PATIENCE,
    RUNS,
    begun,
    client_of,
    ended,
    finished_steps,
    started,
    state,
)
from tests.web.runs.scenarios import endless, quick
from tests.web.served import served


def test_a_run_outlives_its_server_and_the_next_one_finds_and_stops_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data) as first, client_of(first.url) as client:
        going, dying = started(client, endless()), started(client, endless("dying"))
        for run in (going, dying):
            begun(client, run)
        waiting = started(client, quick("waiting"))
        first.kill()
    # As root or not, a process of this test's server is found by what it was started with.
    os.kill(_process_of(dying), signal.SIGKILL)
    with served(data) as second, client_of(second.url) as client:
        found = ended(client, dying)
        assert found["outcome"] == "died"
        assert "without a word" in found["message"]
        assert state(client, going)["state"] == "running"
        assert ended(client, waiting)["outcome"] == "passed"
        client.post(f"{RUNS}/{going}/stop")
        assert ended(client, going)["outcome"] == "interrupted"
        steps = {one["id"]: one["outcome"] for one in finished_steps(client, going)}
        assert steps["tidied"] == "passed"
        listed = client.get(RUNS).json()["runs"]
        assert {one["id"] for one in listed} == {going, dying, waiting}


def _process_of(run: str) -> int:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"/runs/{run}".encode() in line and b"scenario_runner" in line:
                return int(folder.name)
        time.sleep(0.1)
    raise AssertionError(f"no process carries out {run}")


def test_ctrl_c_at_the_server_is_not_for_its_runs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(data) as first, client_of(first.url) as client:
        run = started(client, endless())
        begun(client, run)
        assert first.stop() == 0
    with served(data) as second, client_of(second.url) as client:
        assert state(client, run)["state"] == "running"
        client.post(f"{RUNS}/{run}/stop", json={"at_once": True})
        assert ended(client, run)["outcome"] == "interrupted"
