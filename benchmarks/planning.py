"""How long a whole plan takes, from the command line to the last byte of its JSON.

``python benchmarks/planning.py`` runs ``fabricate plan --format json`` on scenarios of 100,000 images
each, in a process of its own, and prints the medians. Processor time is the steadier figure: wall time
grows with whatever else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
SHAPES = {
    "100,000 patients x 1 study x 1 series x 1 image": (100_000, 1, 1, 1),
    "1,000 patients x 10 studies x 10 series x 1 image": (1_000, 10, 10, 1),
    "1 patient x 1 study x 1 series x 100,000 images": (1, 1, 1, 100_000),
    "the program alone: 1 x 1 x 1 x 1": (1, 1, 1, 1),
}
_RUN = """
import os, sys, time
from scenario_runner.cli import main
try:
    main()
finally:
    sys.stdout.flush()
    print(time.process_time(), file=sys.stderr)
"""


def scenario(patients: int, studies: int, series: int, images: int) -> str:
    """A scenario of that shape, everything else generated."""
    return (
        "schema: scenario/v1\nname: size\npatients:\n"
        f"  - count: {patients}\n    studies:\n      - count: {studies}\n        series:\n"
        f"          - {{modality: CR, count: {series}, images: {images}}}\n"
        "steps: [{generate: {}}]\n"
    )


def measure(file: Path) -> tuple[float, float, int]:
    """(wall seconds, processor seconds, bytes of JSON) of one process."""
    arguments = ["plan", "--seed", "1", "--registry", ":memory:", "--format", "json", str(file)]
    out = file.with_suffix(".json")
    with out.open("wb") as stream:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _RUN, *arguments],
            stdout=stream,
            stderr=subprocess.PIPE,
            check=True,
            text=True,
            cwd=Path(__file__).resolve().parents[1],
        )
        wall = time.perf_counter() - began
    return wall, float(done.stderr.split()[-1]), out.stat().st_size


def main() -> None:
    """Print one line for each shape."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in SHAPES.items():
            file = Path(folder) / "size.yaml"
            file.write_text(scenario(*shape), encoding="utf-8")
            measured = [measure(file) for _ in range(ROUNDS)]
            wall, processor, size = (
                statistics.median(each) for each in zip(*measured, strict=True)
            )
            print(
                f"{name:52} {wall:6.2f} s wall {processor:6.2f} s processor {size / 1e6:7.1f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
