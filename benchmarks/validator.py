"""The validator end to end, all roles in one process, beside dciodvfy on the same files; and roles that are killed.

    python dev.py bench validator --files 1000
    python dev.py bench validator --kill 10       three roles before nats-server, each killed so often
    python dev.py bench validator --kill-single 50

Uploads come over HTTP from a process of their own, by 32 connections, in turns of 200 files. Processor time is the server's alone, so that
it can be held against that of dciodvfy on a machine that does other things beside. TMPDIR says where the studies go: where thousands of files have just been
deleted, as by tests, ext4 looks past each of them before it makes a new one, a millisecond a file.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.peers.nats import nats_server
from tests.peers.processes import free_port
from tests.service.validator.clients import Uploads, require_whole, wait
from tests.service.validator.processes import Process, alone, apart, started

SCENARIO = """\
schema: scenario/v1
name: validator
patients: [{{studies: [{{series: [{{modality: CT, images: {files}, size: [64, 64]}}]}}]}}]
steps: [{{generate: {{to: made}}}}]
"""
CLIENTS = 32
TURN = 200
BOUNDARY = "bench-4f1c"


def made(folder: Path, count: int) -> list[Path]:
    """CT slices of 64 by 64, in files."""
    scenario = folder / "validator.yaml"
    scenario.write_text(SCENARIO.format(files=count), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "scenario_runner", "run", scenario, "--out", folder / "runs",
         "--registry", ":memory:"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    files = sorted((folder / "runs").rglob("*.dcm"))
    assert len(files) == count, len(files)
    return files


def processor(pid: int) -> float:
    """Seconds that a process has used of the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def upload(url: str, bodies: list[bytes]) -> None:
    """Send each by one of the connections; every answer has to be 201."""
    host = url.removeprefix("http://")
    waiting, lock = list(bodies), threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection(host, timeout=120)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        while True:
            with lock:
                if not waiting:
                    return
                body = waiting.pop()
            connection.request("POST", "/upload", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == 201, said

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def form(content: bytes) -> bytes:
    """A file as a form has it."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.dcm"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def speed(folder: Path, count: int) -> None:
    """Files a second, ours end to end and dciodvfy's, of elapsed and of processor time, by turns."""
    files = made(folder, count)
    process = alone(folder / "data")
    ours, theirs = Spent(), Spent()
    fork = multiprocessing.get_context("fork")
    with started(process):
        assert process.process is not None
        upload(process.url, [form(file.read_bytes()) for file in files[:100]])
        for begin in range(0, count, TURN):
            turn = files[begin : begin + TURN]
            bodies = [form(file.read_bytes()) for file in turn]
            sender = fork.Process(target=upload, args=(process.url, bodies))
            before, began = processor(process.process.pid), time.perf_counter()
            sender.start()
            sender.join()
            assert sender.exitcode == 0
            ours.add(time.perf_counter() - began, processor(process.process.pid) - before)
            if which("dciodvfy") is not None:
                theirs.add(*dciodvfy(turn))
        stored = len(list((folder / "data" / "studies").iterdir()))
        assert stored == count + min(count, 100), stored
    ours.show("validator", count)
    if which("dciodvfy") is None:
        print("dciodvfy is not installed")
        return
    theirs.show("dciodvfy", count)
    print(
        f"the validator takes in {theirs.elapsed / ours.elapsed:.2f} times as many in the same time, "
        f"{theirs.used / ours.used:.2f} times as many for the same processor time"
    )


@dataclass
class Spent:
    """Seconds, elapsed and of the processor."""

    elapsed: float = 0.0
    used: float = 0.0

    def add(self, elapsed: float, used: float) -> None:
        """Some more."""
        self.elapsed += elapsed
        self.used += used

    def show(self, name: str, count: int) -> None:
        """A line for people."""
        print(
            f"{name:10} {self.elapsed:7.2f} s elapsed, {self.used:7.2f} s of the processor, "
            f"{count / self.elapsed:6.0f} files/s, {count / self.used:6.0f} files/s of the processor"
        )


def dciodvfy(files: list[Path]) -> tuple[float, float]:
    """Judge each file by the other program; seconds elapsed and of the processor."""
    began, before = time.perf_counter(), os.times()
    for file in files:
        subprocess.run(["dciodvfy", file], capture_output=True, check=False)
    elapsed, after = time.perf_counter() - began, os.times()
    used = (
        after.children_user - before.children_user + after.children_system - before.children_system
    )
    return elapsed, used


def kill(processes: list[Process], times: int, folder: Path, count: int) -> None:
    """Kill each process so often at random moments of a stream; nothing may be lost or come twice."""
    dice, uploads = random.Random(), Uploads()
    contents = [file.read_bytes() for file in made(folder, count)]
    left = [one for one in processes for _ in range(times)]
    dice.shuffle(left)
    killed = 0
    with started(*processes):
        url = processes[0].url
        port = url.rpartition(":")[2]
        if "--port" in processes[0].arguments:
            processes[0].arguments[processes[0].arguments.index("--port") + 1] = port
        threads = uploads.send_all(url, contents, clients=6)

        def kill_one() -> None:
            nonlocal killed
            time.sleep(dice.uniform(0.0, 0.5))
            if left:
                one = left.pop()
                one.kill()
                known = dict(uploads.stored)
                for study, content in known.items():
                    assert (
                        folder / "data" / "studies" / study / "original.dcm"
                    ).read_bytes() == content
                one.start()
                killed += 1

        wait(threads, kill_one)
        assert not uploads.odd, uploads.odd[0]
        sent = {**uploads.stored, **uploads.later}
        require_whole(folder / "data", sent, url)
        folders = list((folder / "data" / "studies").iterdir())
        distinct = len(
            {json.loads((one / "metadata.json").read_text())["study_id"] for one in folders}
        )
    print(
        f"{killed} kills of {len(processes)} process(es): {len(uploads.stored)} answered 201, "
        f"{len(uploads.later)} later, {uploads.broken} broken off and sent again, "
        f"{len(folders)} stored, each whole and in order, {len(folders) - distinct} stored twice"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--kill-single", type=int, default=0)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        if given.kill:
            quick = {"FABRICATE_VALIDATOR_REDELIVER_AFTER": "2s"}
            with nats_server(folder / "nats") as broker:
                kill(
                    apart(folder / "data", broker, free_port(), **quick),
                    given.kill,
                    folder,
                    given.files,
                )
        elif given.kill_single:
            kill([alone(folder / "data")], given.kill_single, folder, given.files)
        else:
            speed(folder, given.files)


if __name__ == "__main__":
    main()
