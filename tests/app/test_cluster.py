"""A run on many processes is the run of one: the same record, whoever carried it out and whoever died meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster

from scenario_runner.archive.outcomes import Stored
from scenario_runner.pacs.server import EmbeddedPacs
from tests.running import command, environment, events, record, write_scenario, write_site

STEPS = [
    {"send": {"to": "pacs", "rate": 90}},
    {"wait": {"on": "pacs", "until": {"stored": "all"}}},
    {"assert": [{"stored": {"on": "pacs"}}]},
]
SERIES = {"modality": "CT", "images": 60, "size": [16, 16]}
PATIENCE = 120.0


def run(
    folder: Path,
    *options: str,
    meanwhile: Callable[[Path], object] = lambda _: None,
    code: int = 0,
) -> str:
    """Run a scenario of three cases into a PACS of its own, whose log is beside it; what it printed."""
    folder.mkdir()
    with EmbeddedPacs(folder / "archive", "PACS", "127.0.0.1") as pacs, logged(pacs, folder):
        dicom = {"host": "127.0.0.1", "port": pacs.port, "ae_title": "PACS"}
        site = write_site(folder / "s.site.yaml", {"pacs": {"environment": "test", "dicom": dicom}})
        scenario = write_scenario(
            folder / "three.yaml",
            STEPS,
            matrix={"n": [1, 2, 3]},
            patients=[{"studies": [{"series": [SERIES]}]}],
        )
        line = command(
            "run", scenario, "--site", site, "--registry", ":memory:", "--seed", "7", "--out", folder / "run", *options
        )  # fmt: skip
        process = subprocess.Popen(
            line,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
        )
        meanwhile(folder / "run")
        said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == code, said
    assert "Traceback" not in said, said
    return said


@contextmanager
def logged(pacs: EmbeddedPacs, folder: Path) -> Iterator[None]:
    """Note each instance that comes in, however often."""
    store = pacs.archive.store
    with (folder / "pacs.log").open("a") as log:

        def noted(sop_class_uid: str, sop_instance_uid: str, *rest: Any, **more: Any) -> Stored:
            log.write(f"{sop_instance_uid}\n")
            return store(sop_class_uid, sop_instance_uid, *rest, **more)

        pacs.archive.store = noted  # type: ignore[method-assign]
        yield


def so_far(folder: Path) -> list[dict[str, Any]]:
    """The events of a run that goes on."""
    log = folder / "events.ndjson"
    lines = log.read_text("utf-8").splitlines(keepends=True) if log.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def wait_for(folder: Path, what: Callable[[list[dict[str, Any]]], Any]) -> Any:
    """What a function finds in the events of a run, as soon as it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what(so_far(folder)):
            return found
        time.sleep(0.02)
    raise AssertionError(so_far(folder)[-3:])


def kill_a_worker(folder: Path) -> None:
    """Kill whoever has told of ten instances of a case that is not over."""

    def busy(told: list[dict[str, Any]]) -> int:
        sent = Counter(one["case"] for one in told if one["event"] == "instance_sent")
        over = {one["case"] for one in told if one["event"] == "case_finished"}
        for one in told:
            if one["event"] == "case_started" and sent[one["case"]] > 9 and one["case"] not in over:
                return int(re.search(r"process (\d+)", one["worker"])[1])  # type: ignore[index]
        return 0

    os.kill(wait_for(folder, busy), signal.SIGKILL)


OF_THE_WAY = {
    "id", "started", "finished", "time", "duration_s", "command", "worker", "taken_over", "port", "file",
    "instances_per_second", "elapsed", "association", "associations", "sources", "logs", "progress", "latencies",
}  # fmt: skip
"""Times and workers, and how an instance went out."""


def told_alike(value: Any) -> Any:
    """A record without what may differ."""
    if isinstance(value, dict):
        return {
            name: told_alike(one)
            for name, one in value.items()
            if name not in OF_THE_WAY or (name == "id" and "step" in value)
        }
    if isinstance(value, list):
        return [told_alike(one) for one in value]
    return re.sub(r"\d+(\.\d+)? m?s\b", "…", value) if isinstance(value, str) else value


def in_lines(value: Any) -> list[str]:
    return json.dumps(told_alike(value), indent=1).splitlines()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of one process."""
    folder = tmp_path_factory.mktemp("alone") / "x"
    run(folder)
    return record(folder / "run")


def require_whole(folder: Path, alone: dict[str, Any]) -> None:
    assert in_lines(record(folder)) == in_lines(alone)
    told = events(folder)
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    acknowledged = Counter(
        one["uid"] for one in told if one["event"] == "instance_sent" and one["stored"]
    )
    assert len(acknowledged) == 180
    assert set(acknowledged.values()) == {1}
    assert not (folder / "ledger.sqlite3").exists()


def require_told(folder: Path) -> None:
    """What came to the PACS twice is among what nobody knew of."""
    came = Counter((folder / "pacs.log").read_text().splitlines())
    unknown = {
        (taken["case"], one["image"])
        for taken in record(folder / "run")["taken_over"]
        for one in taken["unknown"]
    }
    again = {
        one["uid"]
        for one in events(folder / "run")
        if one["event"] == "instance_sent" and (one["case"], one["image"]) in unknown
    }
    assert len(came) == 180
    assert all(number == 1 or uid in again for uid, number in came.items())


def test_processes_of_our_own_leave_the_record_of_one(
    tmp_path: Path, alone: dict[str, Any]
) -> None:
    run(tmp_path / "x", "--on", "local:2")
    require_whole(tmp_path / "x" / "run", alone)
    assert len({case["worker"] for case in record(tmp_path / "x" / "run")["cases"]}) == 2


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,
        ) as running,
    ):
        yield running


def test_the_case_of_a_worker_that_is_killed_is_taken_over(
    tmp_path: Path, alone: dict[str, Any], cluster: LocalCluster
) -> None:
    where = cluster.scheduler_address.replace("tcp://", "dask://")
    said = run(tmp_path / "x", "--on", where, meanwhile=kill_a_worker)
    folder = tmp_path / "x" / "run"
    require_whole(folder, alone)
    [taken] = record(folder)["taken_over"]
    assert taken["acknowledged"] >= 10
    assert taken["before"] != taken["worker"]
    assert len(taken["unknown"]) <= 32
    require_told(tmp_path / "x")
    assert "taken over" in said
