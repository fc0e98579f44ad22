"""``--on local:N`` beside one process: the same instances into storescp ``--ignore``, in pairs of one run.

    python benchmarks/workers.py [--images 10000] [--size 512] [--workers 4] [--pairs 3]

Told are the rates of the step ``send``, what a whole run takes with the start of its workers, its processor time, and how
far the rates of the parts lie from each other. storescp runs with ``--fork``, for by default it takes one association at a time.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.peers import processes
from tests.running import command, environment, events, record, write_scenario, write_site

_COUNTED = """
import ctypes, os, subprocess, sys, time
PR_SET_CHILD_SUBREAPER = 36  # whoever starts workers ends before they are counted
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
begun = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
took = time.perf_counter() - begun
try:
    while True:
        os.wait()
except ChildProcessError:
    pass
used = os.times()
print(took, used.children_user + used.children_system)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Images a second of the step; seconds of clock and of all processes of the run; images a second of each part."""

    rate: float
    whole: float
    processor: float
    parts: list[float]


def main() -> None:
    """Run so many pairs, and print medians."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=3)
    given = parser.parse_args()
    processes.hide_scripts_of_this_environment()
    ratios = []
    for number in range(1, given.pairs + 1):
        with tempfile.TemporaryDirectory() as folder:
            one = measured(Path(folder), given.images, given.size, 1)
        with tempfile.TemporaryDirectory() as folder:
            many = measured(Path(folder), given.images, given.size, given.workers)
        ratios.append(many.rate / one.rate)
        middle = statistics.mean(many.parts)
        apart = max(abs(rate / middle - 1) for rate in many.parts)
        print(
            f"{number}: send {many.rate:,.0f} images/s against {one.rate:,.0f} of one process ({ratios[-1]:.2f}x); "
            f"whole run {many.whole:.1f} s against {one.whole:.1f} s; processor time {many.processor:.1f} s against "
            f"{one.processor:.1f} s; parts within {apart:.0%} of their mean",
            flush=True,
        )
    print(f"local:{given.workers} sends {statistics.median(ratios):.2f}x what one process does")


def measured(folder: Path, images: int, size: int, workers: int) -> Measured:
    """One run of one case with one series."""
    with processes.storescp(folder, options=["--ignore", "--fork"]) as server:
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        site = write_site(folder / "s.site.yaml", {"pacs": {"environment": "test", "dicom": dicom}})
        series = {"modality": "CT", "images": images, "size": [size, size]}
        scenario = write_scenario(
            folder / "one.yaml",
            [{"send": {"to": "pacs"}}],
            patients=[{"studies": [{"series": [series]}]}],
        )
        on = ["--on", f"local:{workers}"] if workers > 1 else []
        line = command("run", scenario, "--site", site, "--registry", ":memory:", "--out", folder / "run", *on)  # fmt: skip
        counted = [sys.executable, "-c", _COUNTED, *line]
        said = subprocess.run(
            counted, env=environment(), check=True, stdout=subprocess.PIPE, text=True
        )
        whole, used = map(float, said.stdout.split()[-2:])
    [step] = record(folder / "run")["cases"][0]["steps"]
    return Measured(
        images / step["duration_s"], whole, used, part_rates(folder / "run", images, workers)
    )


def part_rates(run: Path, images: int, parts: int) -> list[float]:
    """Images a second of each part: a worker has a range of them, in the order of the plan."""
    times: list[list[dt.datetime]] = [[] for _ in range(parts)]
    for event in events(run):
        if event["event"] == "instance_sent":
            number = int(event["image"].rpartition(".i")[2]) - 1
            times[number * parts // images].append(dt.datetime.fromisoformat(event["time"]))
    return [(len(one) - 1) / (max(one) - min(one)).total_seconds() for one in times]


if __name__ == "__main__":
    main()
