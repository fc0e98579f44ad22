"""Whole processes of the command beside ``python -c "import numpy, pydicom"``, as ratios.

    python benchmarks/startup.py [--rounds 9]

What is compared is processor time, user and system, of the process and what it starts: it is the same
on a quiet machine and, nearly, on a busy one. The commands take turns, and the median of each is
printed. Bytecode is cached, as in an installation.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE = """\
schema: scenario/v1
name: one
patients: [{studies: [{series: [{modality: CT, images: 1}]}]}]
steps:
  - generate: {}
  - send: {to: pacs}
"""
BASE = "import numpy, pydicom"


def taken(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of processor and of the clock on the wall."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime), wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    python = sys.executable
    fabricate = [python, "-m", "scenario_runner"]
    commands = {
        BASE: [python, "-c", BASE],
        "run of one image": [*fabricate, "run", "one.yaml", "--registry", ":memory:"],
        "validate scenarios/": [*fabricate, "validate", str(ROOT / "scenarios")],
        "--help": [*fabricate, "--help"],
        "import scenario_runner.cli": [python, "-c", "import scenario_runner.cli"],
        "pass": [python, "-c", "pass"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one.yaml").write_text(ONE, encoding="utf-8")
        found: dict[str, list[tuple[float, float]]] = {title: [] for title in commands}
        for number in range(given.rounds + 1):
            for title, command in commands.items():
                seconds = taken(command, folder)
                if number:  # the first one writes bytecode
                    found[title].append(seconds)
    medians = {title: statistics.median(cpu for cpu, _ in each) for title, each in found.items()}
    for title, median in medians.items():
        wall = min(wall for _, wall in found[title])
        print(
            f"{title:28} {median:.3f} s of processor, {median / medians[BASE]:.2f}×; "
            f"{wall:.3f} s at best"
        )


if __name__ == "__main__":
    main()
