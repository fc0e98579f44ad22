"""A run on many processes is the run of one: the same record, whoever carried it out and whoever died meanwhile."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import dask
import pytest
from distributed import LocalCluster

from scenario_runner.app.cluster.address import cluster_of
from scenario_runner.app.cluster.scheduler import connected
from scenario_runner.archive.outcomes import Stored
from scenario_runner.pacs.server import EmbeddedPacs
from tests.peers.postgres import PostgreSQL
from tests.running import (
    command,
    environment,
    events,
    fabricate,
    record,
    write_scenario,
    write_site,
)

STEPS = [
    {"send": {"to": "pacs", "rate": 90}},
    {"wait": {"on": "pacs", "until": {"stored": "all"}}},
    {"assert": [{"stored": {"on": "pacs"}}]},
]
SERIES = {"modality": "CT", "images": 60, "size": [16, 16]}
PATIENCE = 90.0


def run(
    folder: Path,
    *options: str,
    meanwhile: Callable[[Path], object] = lambda _: None,
    code: int = 0,
) -> str:
    """Run a scenario of three cases into a PACS of its own, whose log is beside it; what it printed."""
    folder.mkdir()
    with EmbeddedPacs(folder / "archive", "PACS", "127.0.0.1") as pacs, logged(pacs, folder):
        return run_into(
            folder,
            pacs.port,
            "PACS",
            [{"generate": {"to": "dicom"}}, *STEPS],
            *options,
            at=lambda _: meanwhile(folder / "run"),
            codes=(code,),
        )


def run_into(
    folder: Path,
    port: int,
    title: str,
    steps: Sequence[Any],
    *options: str,
    at: Callable[[subprocess.Popen[str]], object] = lambda _: None,
    codes: Sequence[int] = (0,),
    cases: int = 3,
    images: int = 60,
) -> str:
    """The same into a peer that runs. at: given the process. codes: with one of which it has to end."""
    dicom = {"host": "127.0.0.1", "port": port, "ae_title": title}
    site = write_site(folder / "s.site.yaml", {"pacs": {"environment": "test", "dicom": dicom}})
    scenario = write_scenario(
        folder / "three.yaml",
        steps,
        matrix={"n": list(range(cases))},
        patients=[{"studies": [{"series": [{**SERIES, "images": images}]}]}],
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
    at(process)
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode in codes, said
    assert "Traceback" not in said, said
    return said


@contextmanager
def logged(pacs: EmbeddedPacs, folder: Path) -> Iterator[None]:
    """Note each instance that comes in, however often."""
    store = pacs.archive.store
    with (folder / "pacs.log").open("a", buffering=1) as log:

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


def taken_out(run: dict[str, Any], end: str) -> list[str]:
    """The paths of attachments that end so, which the record has no longer."""
    found = []
    for step in (step for case in run["cases"] for step in case["steps"]):
        paths = [one["path"] for one in step["attachments"]]
        found += [path for path in paths if path.endswith(end)]
        step["attachments"] = [one for one in step["attachments"] if not one["path"].endswith(end)]
    return found


def in_lines(value: Any) -> list[str]:
    return json.dumps(told_alike(value), indent=1).splitlines()


@pytest.mark.parametrize(
    ("begins", "left"),
    [("from multiprocessing.forkserver import main", ""), ("", "taken apart\n")],
    ids=["as that which forks workers", "as any other"],
)
def test_who_reads_a_run_to_its_end_does_not_wait_for_modules_to_be_taken_apart(
    begins: str, left: str
) -> None:
    """The process that workers are forked from holds the run's output open, also after a Ctrl-C."""
    lines = ("import atexit; atexit.register(print, 'taken apart')", "import scenario_runner.app.cluster.preloaded")  # fmt: skip
    program = "\n".join((begins, *lines))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode() == left


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of one process."""
    folder = tmp_path_factory.mktemp("alone") / "x"
    run(folder)
    return record(folder / "run")


def require_whole(folder: Path, alone: dict[str, Any], files: int = 180) -> None:
    assert in_lines(record(folder)) == in_lines(alone)
    told = events(folder)
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    acknowledged = Counter(
        one["uid"] for one in told if one["event"] == "instance_sent" and one["stored"]
    )
    assert len(acknowledged) == 180
    assert set(acknowledged.values()) == {1}
    assert not (folder / "ledger.sqlite3").exists()
    listed = json.loads((folder / "manifest.json").read_text())["files"]
    assert sum(one["path"].endswith(".dcm") for one in listed) == files


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


@contextmanager
def occupied(port: int) -> Iterator[None]:
    """A port that is in use, by us unless it is already."""
    with socket.socket() as mine:
        with suppress(OSError):
            mine.bind(("127.0.0.1", port))
            mine.listen()
        yield


def test_processes_of_our_own_leave_the_record_of_one_and_nothing_else(
    tmp_path: Path, alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as temporary:  # of a short name, for sockets lie there, too
        monkeypatch.setenv("TMPDIR", temporary)
        with occupied(8787):  # by the pages of another run's scheduler
            said = run(tmp_path / "x", "--on", "local:2")
        assert "8787" not in said
        require_whole(tmp_path / "x" / "run", alone)
        assert len({case["worker"] for case in record(tmp_path / "x" / "run")["cases"]}) == 2
        assert list(Path(temporary).iterdir()) == []


def faults_of_images() -> tuple[int, int]:
    """How often the system had to find memory for a hundred images in turn, and how many objects nobody searches for cycles."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        bytearray(512 * 512 * 2)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, gc.get_freeze_count()


def test_a_worker_of_our_own_makes_images_as_a_run_in_one_process_does() -> None:
    """Each image of 512 by 512 cost 128 page faults, and what was preloaded was searched for cycles again and again."""
    with connected(cluster_of("local:1")) as client:
        faults, frozen = client.submit(faults_of_images).result(PATIENCE)
    assert faults < 5_000
    assert frozen > 50_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
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


def test_one_large_send_is_shared_out_and_the_part_of_a_worker_that_is_killed_taken_over(
    tmp_path: Path, cluster: LocalCluster
) -> None:
    where = cluster.scheduler_address.replace("tcp://", "dask://")
    steps = [{"generate": {}}, {"id": "send", "send": {"to": "pacs", "rate": 120}}, *STEPS[1:]]

    def kill_another(_: object) -> None:
        """Kill a worker that has a part and not the case, when it has told of something."""

        def another(told: list[dict[str, Any]]) -> int:
            begun = [one["worker"] for one in told if one["event"] == "case_started"]
            if not begun:
                return 0
            with sqlite3.connect(tmp_path / "many" / "run" / "ledger.sqlite3") as ledger:
                rows = ledger.execute(
                    "select worker from ledger_part p where ending = '' and worker not in ('', ?) and exists "
                    "(select * from ledger_entry e where e.part = p.part and kind = 'stored')", begun,
                ).fetchall()  # fmt: skip
            return int(re.search(r"process (\d+)", rows[0][0])[1]) if rows else 0  # type: ignore[index]

        os.kill(wait_for(tmp_path / "many" / "run", another), signal.SIGKILL)

    records = {}
    for name, options, at in (
        ("one", (), lambda _: None),
        ("many", ("--on", where, "--pdu-log"), kill_another),
    ):
        folder = tmp_path / name
        with kept_pacs(folder) as pacs:
            run_into(folder, pacs.port, "PACS", steps, *options, at=at, cases=1, images=240)
        records[name] = record(folder / "run")
    logs = taken_out(records["many"], "pdus-pacs.txt")
    assert in_lines(records["many"]) == in_lines(records["one"])
    of_parts = [path for path in logs if "/part-" in path]
    assert len(of_parts) == len(set(of_parts)) >= 2
    assert all("A-ASSOCIATE" in (tmp_path / "many" / "run" / path).read_text() for path in logs)
    [taken] = records["many"]["taken_over"]
    assert taken["part"] in ("send, part 1 of 2", "send, part 2 of 2")
    assert taken["before"] != taken["worker"]
    told = [one for one in events(tmp_path / "many" / "run") if one["event"] == "instance_sent"]
    assert len(told) == len({one["uid"] for one in told}) == 240
    unknown = {one["image"] for one in taken["unknown"]}
    assert len(unknown) <= 32
    numbers = came(tmp_path / "many")
    again = {one["uid"] for one in told if one["image"] in unknown}
    assert {uid for uid, number in numbers.items() if number > 1} <= again
    [latency] = records["many"]["cases"][0]["steps"][1]["latencies"]
    assert latency["count"] == 240


def test_cases_that_did_not_begin_in_a_load_say_why_also_where_others_failed(
    tmp_path: Path, cluster: LocalCluster
) -> None:
    load = {"associations": 1, "cases": 40, "for": "500ms"}
    wrong = {"assert": [{"equal": {"actual": 1, "expected": 2}}]}
    file = write_scenario(tmp_path / "s.yaml", [wrong], patients=[], load=load)
    where = cluster.scheduler_address.replace("tcp://", "dask://")
    out = tmp_path / "run"
    fabricate("run", file, "--registry", ":memory:", "--on", where, "--out", out).check(1)
    cases = [(one["outcome"], one["message"]) for one in record(out)["cases"][1:]]
    assert cases[0][0] == "failed"
    assert cases[-1] == ("skipped", "not run: the load was over")


@contextmanager
def kept_pacs(folder: Path) -> Iterator[EmbeddedPacs]:
    """A PACS that outlives a run and takes its repetition as well."""
    folder.mkdir()
    with EmbeddedPacs(folder / "archive", "PACS", "127.0.0.1") as pacs, logged(pacs, folder):
        yield pacs


def require_rerun_whole(folder: Path, registry: str = ":memory:") -> None:
    """A repetition brings the rest, and sends again nothing but what nobody knew of."""
    before = len(came(folder))
    assert before < 180
    fabricate("rerun", folder / "run", "--registry", registry, "--out", folder / "again").check()
    known = [
        json.loads(line)
        for line in (folder / "again" / "inputs" / "earlier.ndjson").read_text().splitlines()
    ]
    stored = {one["uid"] for one in known if one.get("stored")}
    unknown = {one["uid"] for one in known if one.get("maybe_stored")} - stored
    numbers = came(folder)
    assert len(numbers) == 180
    assert {uid for uid, number in numbers.items() if number > 1} <= unknown
    assert len(unknown) <= 48  # sixteen under way a case
    again = record(folder / "again")
    assert again["outcome"] == "passed"
    facts = [case["steps"][0]["facts"] for case in again["cases"]]
    assert sum(one["stored"] for one in facts) == 180
    earlier = sum(one.get("acknowledged_earlier", {}).get("instances", 0) for one in facts)
    assert earlier == len(stored) >= 10


def came(folder: Path) -> Counter[str]:
    """How often each instance came to the PACS."""
    return Counter((folder / "pacs.log").read_text().splitlines())


@pytest.mark.peer
def test_a_rerun_goes_on_from_a_client_that_is_killed_while_its_workers_go_on(
    tmp_path: Path, cluster: LocalCluster, server: PostgreSQL
) -> None:
    folder = tmp_path / "x"
    registry = server.create("ledger")

    def kill_the_client(process: subprocess.Popen[str]) -> None:
        wait_for(
            folder / "run", lambda told: sum(one["event"] == "instance_sent" for one in told) > 9
        )
        process.kill()
        process.wait()
        heard = sum(one["event"] == "instance_sent" for one in so_far(folder / "run"))
        end = time.monotonic() + PATIENCE
        while (number := len(came(folder))) < heard + 5:
            assert time.monotonic() < end, (heard, number)
            time.sleep(0.01)

    where = cluster.scheduler_address.replace("tcp://", "dask://")
    with kept_pacs(folder) as pacs:
        # Slow enough that the workers are at it when the client is not there any more.
        steps = [{"send": {"to": "pacs", "rate": 20}}, *STEPS[1:]]
        options = ("--on", where, "--registry", registry)
        run_into(folder, pacs.port, "PACS", steps, *options, at=kill_the_client, codes=(-9,))
        assert not (folder / "run" / "ledger.sqlite3").exists()
        require_rerun_whole(folder, registry)


def serve_cluster(told: Connection) -> None:
    """Be a scheduler with two workers until killed."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    ) as one:
        told.send(one.scheduler_address)
        signal.pause()


def test_a_rerun_goes_on_from_a_run_whose_scheduler_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    ours, its = multiprocessing.Pipe()
    scheduler = multiprocessing.get_context("spawn").Process(target=serve_cluster, args=(its,))
    scheduler.start()
    where = ours.recv().replace("tcp://", "dask://")

    def kill_the_scheduler(_: object) -> None:
        wait_for(
            folder / "run", lambda told: sum(one["event"] == "instance_sent" for one in told) > 9
        )
        scheduler.kill()

    with kept_pacs(folder) as pacs:
        said = run_into(
            folder, pacs.port, "PACS", STEPS, "--on", where, at=kill_the_scheduler, codes=(4,)
        )
        assert "scheduler is gone" in said
        assert "fabricate rerun" in said
        require_rerun_whole(folder)
    scheduler.join(PATIENCE)
