"""A day of a small PACS in ten minutes: the embedded one, stored to, browsed, ignored, killed and started again.

    python benchmarks/soak.py [--minutes 10] [--associations 50] [--browsers 50]

Each association stores an image, waits a moment and stores the next; one object in twenty has its pixels cut
short. Each browser asks for the list of studies, then for thumbnails and frames of what it found. All the while
clients connect to both ports and say nothing. Half way the server is killed (SIGKILL) and started again.

It ends with exit code 1 when something that was acknowledged is gone, a request was not answered although
the server ran, memory went beyond 200 MiB, or one QIDO in a hundred took longer than 250 ms. The load of the machine
is printed beside: on a busy one the last of these says little.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.errors import FabricatorError
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, sample
from tests.pacs.test_many import Encoded
from tests.peers.processes import free_ports
from tests.running import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MEMORY_MIB, _P99_MS = 200, 250
_DAMAGED_OF = 20
_AROUND_A_KILL = 20.0
"""Seconds after the kill in which nobody need be answered."""


@dataclass
class Plan:
    """What every client knows."""

    dicom: int
    web: int
    end: float
    pause: float
    killed: Any
    """When the server was killed (shared between processes); 0 before."""

    def excused(self) -> bool:
        """Whether the server may be silent now."""
        return bool(self.killed.value) and time.time() - self.killed.value < _AROUND_A_KILL


@dataclass
class Told:
    """What clients of one kind saw."""

    stored: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)


def storing(plan: Plan, number: int, told: Told) -> None:
    """One association after the other, each with images of a study of its own."""
    dice, turn = random.Random(number), 0
    while time.time() < plan.end:
        turn += 1
        study = f"1.2.826.{number}.{turn}"
        peer = Peer(host="127.0.0.1", port=plan.dicom, ae_title="EMBEDDED")

        def images(study: str = study, turn: int = turn) -> Iterator[Encoded]:
            for at in range(1, 11):
                one = sample(
                    study,
                    1,
                    at,
                    size=128,
                    PatientID=f"P{number}",
                    AccessionNumber=f"A{number}-{turn}",
                )
                if dice.randrange(_DAMAGED_OF) == 0:
                    one = sample(
                        study, 1, at, size=128, PixelData=bytes(1000), PatientID=f"P{number}"
                    )
                yield Encoded(one)
                time.sleep(plan.pause * dice.uniform(0.5, 1.5))
                if time.time() > plan.end:
                    return

        try:
            for status in store(peer, images(), [(CT_IMAGE, EXPLICIT)], Deadline(60)):
                told.statuses[f"{status.status:04X}" if status.status is not None else "none"] += 1
                if status.status == 0:
                    told.stored.append(status.sop_instance_uid)
        except FabricatorError as error:
            if not plan.excused():
                told.unanswered.append(f"C-STORE: {error}")
            time.sleep(0.5)


def browsing(plan: Plan, number: int, told: Told) -> None:
    """Lists, thumbnails and frames on a kept connection, as a browser does."""
    dice = random.Random(number)
    connection = http.client.HTTPConnection("127.0.0.1", plan.web, timeout=30)
    place = "/dicom-web/studies"

    def get(kind: str, path: str, accept: str) -> bytes:
        for again in (True, False):
            began = time.perf_counter()
            try:
                connection.request("GET", path, headers={"Accept": accept})
                answer = connection.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if again or plan.excused():
                    # A kept connection may be closed by the server at any time: that asks for a new one.
                    time.sleep(0.2)
                    continue
                told.unanswered.append(f"{kind}: {type(error).__name__} {error}")
                return b""
            told.seconds.setdefault(kind, []).append(time.perf_counter() - began)
            told.statuses[f"{kind} {answer.status}"] += 1
            return body if answer.status == 200 else b""
        return b""

    while time.time() < plan.end:
        query = f"?limit=20&offset={dice.randrange(5)}&PatientID=P{dice.randrange(50)}"
        body = get("qido", place + query, "application/dicom+json")
        for study in json.loads(body) if body else []:
            uid = study["0020000D"]["Value"][0]
            get("thumbnail", f"{place}/{uid}/thumbnail", "image/jpeg")
            one = f"{place}/{uid}/series/{uid}.1/instances/{uid}.1.{dice.randint(1, 3)}"
            get("frame", f"{one}/frames/1", 'multipart/related; type="application/octet-stream"')
            time.sleep(plan.pause * dice.uniform(0.5, 1.5))
            if time.time() > plan.end or dice.random() < 0.3:
                break
        time.sleep(plan.pause * dice.uniform(0.5, 1.5))
    connection.close()


def silent(plan: Plan, stop: threading.Event) -> None:
    """Connections to both ports that say nothing, or half of something."""
    held: list[socket.socket] = []
    while not stop.wait(0.1):
        for port, half in ((plan.dicom, b"\x01\0\0\0"), (plan.web, b"GET /dicom-web/stud")):
            with contextlib.suppress(OSError):
                sock = socket.create_connection(("127.0.0.1", port), timeout=5)
                held.append(sock)
                if len(held) % 2:
                    sock.sendall(half)
        while len(held) > 400:
            held.pop(0).close()
    for sock in held:
        sock.close()


def sleeping(plan: Plan, _: int, told: Told) -> None:
    """How late this machine wakes somebody up who only sleeps: what no server can be faster than."""
    while time.time() < plan.end:
        began = time.perf_counter()
        time.sleep(0.01)
        told.seconds.setdefault("late", []).append(time.perf_counter() - began - 0.01)


def crowd(work: Callable[[Plan, int, Told], None], plan: Plan, count: int, results: Any) -> None:
    """So many threads of a process of their own, whose work does not slow down the others' clocks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = [Told() for _ in range(count)]
    threads = [threading.Thread(target=work, args=(plan, n, told[n])) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(told)


def started(folder: Path, dicom: int, web: int) -> subprocess.Popen[str]:
    """The server, once it listens."""
    server = subprocess.Popen(
        command("pacs", "serve", "--folder", folder, "--port", str(dicom), "--dicomweb-port", str(web)),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    for _ in range(2):
        server.stdout.readline()
    return server


def resident_mib(pid: int) -> float:
    """Memory of a process that is in use; 0 where the system does not say."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def lost(told: list[Told], web: int) -> list[str]:
    """What was acknowledged and is not found any more."""
    connection = http.client.HTTPConnection("127.0.0.1", web, timeout=60)
    there: dict[str, set[str]] = {}
    gone = []
    for uid in (uid for one in told for uid in one.stored):
        study = uid.rsplit(".", 2)[0]
        if study not in there:
            connection.request("GET", f"/dicom-web/studies/{study}/instances?limit=100")
            answer = connection.getresponse()
            body = answer.read()
            found = json.loads(body) if answer.status == 200 else []
            there[study] = {one["00080018"]["Value"][0] for one in found}
        if uid not in there[study]:
            gone.append(uid)
    return gone


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * share))] * 1000


def main() -> int:
    """Run it and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--associations", type=int, default=50)
    parser.add_argument("--browsers", type=int, default=50)
    parser.add_argument(
        "--pause", type=float, default=1.0, help="seconds a client waits, on average"
    )
    given = parser.parse_args()
    dicom, web = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        server = started(Path(folder), dicom, web)
        killed = multiprocessing.Value("d", 0.0)
        begun, end = time.time(), time.time() + given.minutes * 60
        plan = Plan(dicom, web, end, given.pause, killed)
        results: Any = multiprocessing.Queue()
        kinds = [(storing, given.associations), (browsing, given.browsers), (sleeping, 1)]
        processes = [
            multiprocessing.Process(target=crowd, args=(work, plan, count, results))
            for work, count in kinds
        ]
        for process in processes:
            process.start()
        stop = threading.Event()
        quiet = threading.Thread(target=silent, args=(plan, stop))
        quiet.start()
        most, loads = 0.0, []
        while time.time() < end:
            most = max(most, resident_mib(server.pid))
            loads.append(os.getloadavg()[0])
            if not killed.value and time.time() > begun + given.minutes * 30:
                killed.value = time.time()
                server.kill()
                server.wait()
                server = started(Path(folder), dicom, web)
                print(f"killed and started again in {time.time() - killed.value:.1f} s")
            time.sleep(0.5)
        told = [one for _ in processes for one in results.get()]
        for process in processes:
            process.join()
        stop.set()
        quiet.join()
        gone = lost(told, web)
        most = max(most, resident_mib(server.pid))
        server.terminate()
        server.wait()
    return report(told, gone, most, loads)


def report(told: list[Told], gone: list[str], most: float, loads: list[float]) -> int:
    """Print, and say by the exit code whether all of it is as it should be."""
    seconds: dict[str, list[float]] = {}
    statuses: Counter[str] = Counter()
    for one in told:
        statuses += one.statuses
        for kind, some in one.seconds.items():
            seconds.setdefault(kind, []).extend(some)
    unanswered = [words for one in told for words in one.unanswered]
    stored = sum(len(one.stored) for one in told)
    print(f"{stored} acknowledged, {len(gone)} of them lost")
    for kind, some in seconds.items():
        halves = " ".join(
            f"p{share:g} {percentile(some, share / 100):.0f} ms" for share in (50, 95, 99)
        )
        print(f"{kind}: {len(some)} answered, {halves}")
    print("answers:", ", ".join(f"{name}: {count}" for name, count in sorted(statuses.items())))
    print(f"not answered: {len(unanswered)}", *unanswered[:5], sep="\n  ")
    print(
        f"memory: {most:.0f} MiB at most; load of the machine {sum(loads) / len(loads):.1f} on {os.cpu_count()} cores"
    )
    slow = percentile(seconds["qido"], 0.99) > _P99_MS
    return 1 if gone or unanswered or slow or most > _MEMORY_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
