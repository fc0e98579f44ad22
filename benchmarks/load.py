"""Load: whether the rate is kept, what a request costs beside Locust, and our latency beside a packet capture's.

    python benchmarks/load.py [rate] [latency] [cost] [--seconds 8]

*rate*: what DCMTK's storescp takes is measured by a closed load; then 50 and 80 % of that are offered, and a packet capture says when
each C-STORE began. *latency*: p50 and p99 of one run, by us and by tshark. *cost*: processor seconds of our process and of Locust's for
each C-ECHO (with an association of its own) and each QIDO-RS query, from two runs of different length, so that what a start takes
does not count. tshark has to be there and allowed to capture; Locust is installed into a temporary environment.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.peers import processes
from tests.running import command, write_scenario, write_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_P_DATA = "04"
LOCUST = ("locust==2.47.0", "pynetdicom==3.0.4")
_ECHO = """
import os, time
from locust import User, task, constant_throughput
from pynetdicom import AE
from pynetdicom.sop_class import Verification

class Modality(User):
    wait_time = constant_throughput(float(os.environ["EACH"]))

    @task
    def echo(self):
        ae = AE(ae_title="LOCUST")
        ae.add_requested_context(Verification)
        began = time.perf_counter()
        association = ae.associate("127.0.0.1", int(os.environ["PORT"]), ae_title="EMBEDDED")
        status = association.send_c_echo()
        association.release()
        failure = None if status and status.Status == 0 else Exception("no answer")
        self.environment.events.request.fire(request_type="DICOM", name="C-ECHO", response_length=0,
            response_time=(time.perf_counter() - began) * 1000, exception=failure, context={})
"""
_QIDO = """
import os
from locust import HttpUser, task, constant_throughput

class Client(HttpUser):
    wait_time = constant_throughput(float(os.environ["EACH"]))

    @task
    def qido(self):
        self.client.get("/studies?PatientID=*&limit=5", headers={"Accept": "application/dicom+json"})
"""


class Exchange(NamedTuple):
    """One C-STORE on the wire: when its first packet went, and seconds until its answer came."""

    began: float
    seconds: float


@contextmanager
def captured(port: int, file: Path) -> Iterator[None]:
    """What goes over the loopback to and from a port, in a file."""
    log = file.with_suffix(".log")
    with log.open("wb") as output:
        tshark = subprocess.Popen(
            ["tshark", "-q", "-i", "lo", "-s", "96", "-B", "64", "-f", f"tcp port {port}", "-w", file],
            stdout=output, stderr=output,
        )  # fmt: skip
        try:
            while b"Capture started" not in log.read_bytes():
                if tshark.poll() is not None:
                    raise SystemExit(f"tshark cannot capture: {log.read_text('utf-8')}")
                time.sleep(0.05)
            yield
            time.sleep(1.5)
        finally:
            tshark.terminate()
            tshark.wait()


def exchanges(port: int, file: Path) -> list[Exchange]:
    """The C-STOREs of a capture: from the first packet of a request to the packet of its answer."""
    fields = ["frame.time_epoch", "tcp.stream", "tcp.srcport", "tcp.payload"]
    told = subprocess.run(
        ["tshark", "-r", file, "-Y", "tcp.len > 0", "-o", "tcp.desegment_tcp_streams:FALSE", "-T", "fields",
         *(word for name in fields for word in ("-e", name))],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    waiting: dict[str, float] = {}
    found = []
    for line in told.splitlines():
        moment, stream, source, payload = (*line.split("\t"), "", "")[:4]
        if int(source) != port:
            if payload.startswith(_P_DATA):
                waiting.setdefault(stream, float(moment))
        elif payload.startswith(_P_DATA) and stream in waiting:
            began = waiting.pop(stream)
            found.append(Exchange(began, float(moment) - began))
        else:
            waiting.pop(stream, None)
    return found


def run(
    folder: Path, site: Path, steps: Sequence[Any], *, images: int = 1, size: int = 256
) -> tuple[dict[str, Any], float]:
    """Run a scenario with a study of so many images; its record, and the processor seconds of our process."""
    series = {
        "modality": "CT",
        "images": images,
        "size": [size, size],
        "phantom": "qa/gradient",
        "burn_in": False,
    }
    file = write_scenario(
        folder / "load.yaml", steps, patients=[{"studies": [{"series": [series]}]}], seed=1
    )
    out = folder / f"run-{time.time_ns()}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command("run", file, "--site", site, "--registry", ":memory:", "--out", out),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not (out / "run.json").exists():
        raise SystemExit(done.stdout + done.stderr)
    record = json.loads((out / "run.json").read_text("utf-8"))
    shutil.rmtree(out)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return record["cases"][0]["steps"][0], used


def sink(folder: Path) -> Any:
    """DCMTK's storescp, which keeps nothing, and a site file that names it."""
    return processes.storescp(folder, options=["--ignore"])


def site_of(folder: Path, port: int, ae_title: str, **more: Any) -> Path:
    """A site file with one target."""
    dicom = {"host": "127.0.0.1", "port": port, "ae_title": ae_title}
    return write_site(folder / "site.yaml", {"pacs": {"dicom": dicom, **more}})


def rate(folder: Path, seconds: float) -> None:
    """Offer parts of what the peer takes, and look in the capture how much was offered."""
    with sink(folder) as server:
        site = site_of(folder, server.port, server.ae_title)
        step, _ = run(
            folder, site,
            [{"send": {"to": "pacs", "load": {"associations": 4, "each": "instance", "for": f"{seconds}s"}}}],
            images=int(2000 * seconds), size=128,
        )  # fmt: skip
        capacity = step["latencies"][0]["per_second"]
        print(f"peer's capacity, 4 associations at once: {capacity:.0f} C-STOREs/s of 128 x 128")
        for part in (0.5, 0.8):
            offered = round(capacity * part, 1)
            stages = [{"for": f"{seconds}s", "rate": f"{offered}/s"}]
            file = folder / "rate.pcap"
            with captured(server.port, file):
                step, _ = run(
                    folder, site, [{"send": {"to": "pacs", "load": {"stages": stages, "associations": 8}}}],
                    images=int(offered * seconds) + 2, size=128,
                )  # fmt: skip
            began = sorted(one.began for one in exchanges(server.port, file))
            seen = (len(began) - 1) / (began[-1] - began[0])
            late = step["latencies"][0]["late"]
            print(
                f"offered {offered:.1f}/s ({part:.0%}): {seen:.1f}/s seen on the wire, {seen / offered - 1:+.2%}; "
                f"{step['facts']['load']['begun']} of {step['facts']['load']['offered']} begun, late p50 {late['p50_s'] * 1e3:.2f} ms, "
                f"p99 {late['p99_s'] * 1e3:.1f} ms"
            )


def latency(folder: Path, seconds: float) -> None:
    """The same run by our clock and by the capture."""
    with sink(folder) as server:
        site = site_of(folder, server.port, server.ae_title)
        for size in (256, 1024):
            file = folder / "latency.pcap"
            stages = [{"for": f"{seconds}s", "rate": "40/s"}]
            with captured(server.port, file):
                step, _ = run(
                    folder, site,
                    [{"send": {"to": "pacs", "load": {"stages": stages, "associations": 4, "arrival": "poisson"}}}],
                    images=int(80 * seconds), size=size,
                )  # fmt: skip
            seen = [one.seconds for one in exchanges(server.port, file)]
            ours = step["latencies"][0]["service"]
            hundredths = statistics.quantiles(seen, n=100, method="inclusive")
            print(f"C-STORE of {size} x {size}: {ours['count']} by us, {len(seen)} in the capture")
            for name, theirs in (("p50", hundredths[49]), ("p99", hundredths[98])):
                mine = ours[f"{name}_s"]
                print(
                    f"  {name}: ours {mine * 1e3:.3f} ms, tshark's {theirs * 1e3:.3f} ms, {mine / theirs - 1:+.1%}"
                )


def locust(folder: Path) -> Path:
    """Locust in an environment of its own."""
    home = folder / "locust"
    venv.create(home, with_pip=True)
    subprocess.run([home / "bin" / "pip", "install", "-q", *LOCUST], check=True)
    return home / "bin" / "locust"


def locust_cost(
    program: Path, text: str, port: int, rate: float, seconds: float
) -> tuple[float, int]:
    """Processor seconds of Locust, and how many requests it made."""
    file = program.parent.parent / "locustfile.py"
    file.write_text(text, encoding="utf-8")
    stem = file.with_name(f"told-{time.time_ns()}")
    users = 10
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [program, "-f", file, "--headless", "-u", str(users), "-r", str(users), "-t", f"{seconds:g}s", "--only-summary",
         "--csv", stem, "-H", f"http://127.0.0.1:{port}/dicom-web", "--exit-code-on-error", "0"],
        env={**os.environ, "EACH": str(rate / users), "PORT": str(port)}, capture_output=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    last = Path(f"{stem}_stats.csv").read_text("utf-8").splitlines()[-1].split(",")
    count, failed = int(last[2]), int(last[3])
    if failed:
        print(f"  ({failed} of Locust's {count} failed)")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, count


def cost(folder: Path, seconds: float) -> None:
    """Processor time for each request, by us and by Locust, on the embedded PACS in a process of its own."""
    program = locust(folder)
    port, web = processes.free_ports(2)
    serve = command(
        "pacs",
        "serve",
        "--port",
        str(port),
        "--dicomweb-port",
        str(web),
        "--folder",
        folder / "pacs",
        "--aet",
        "EMBEDDED",
    )
    (folder / "serve").mkdir()
    with processes.running([str(word) for word in serve], folder / "serve", port, None):
        url = f"http://127.0.0.1:{web}/dicom-web"
        site = site_of(folder, port, "EMBEDDED", dicomweb={"url": url})
        run(folder, site, [{"send": {"to": "pacs"}}], images=3, size=32)
        query = {
            "on": "pacs",
            "via": "qido",
            "level": "study",
            "match": {"PatientID": "*"},
            "limit": 5,
        }
        for name, step, text, to, rate in (
            ("C-ECHO", {"echo": {"to": "pacs"}}, _ECHO, port, 40.0),
            ("QIDO-RS", {"query": query}, _QIDO, web, 40.0),
        ):
            [(kind, parameters)] = step.items()
            mine, theirs = [], []
            locust_cost(
                program, text, to, rate, 2.0
            )  # what its first start compiles is no request's
            for part in (0.5, 2.0):
                load = {
                    "stages": [{"for": f"{seconds * part}s", "rate": f"{rate}/s"}],
                    "associations": 10,
                }
                told, used = run(folder, site, [{kind: {**parameters, "load": load}}])
                mine.append((used, told["latencies"][0]["count"]))
                theirs.append(locust_cost(program, text, to, rate, seconds * part))
            ours, locusts = _each(mine), _each(theirs)
            print(
                f"{name}: {ours * 1e3:.2f} ms of processor for each by us ({mine[-1][1]} requests), {locusts * 1e3:.2f} ms by Locust "
                f"({theirs[-1][1]} requests): {ours / locusts:.2f} of it"
            )


def _each(pairs: Sequence[tuple[float, int]]) -> float:
    (less, few), (more, many) = pairs
    return (more - less) / (many - few)


def main() -> None:
    """Measure what was asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", help="rate, latency, cost; by default all")
    parser.add_argument("--seconds", type=float, default=8.0)
    asked = parser.parse_args()
    known = {"rate": rate, "latency": latency, "cost": cost}
    for name in asked.what or known:
        with tempfile.TemporaryDirectory() as folder:
            known[name](Path(folder), asked.seconds)


if __name__ == "__main__":
    main()
