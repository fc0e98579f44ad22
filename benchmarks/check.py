"""`fabricate check` over many files, beside dciodvfy on each: processor and elapsed time, files a second.

    python dev.py bench check --files 1000

Makes a study of small CT slices once, and judges it by our rules in a process of its own, as a user
would; dciodvfy is started for each file, as it judges one.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SCENARIO = """\
schema: scenario/v1
name: check
patients: [{{studies: [{{series: [{{modality: CT, images: {files}, size: [64, 64]}}]}}]}}]
steps: [{{generate: {{to: made}}}}]
"""


def fabricate(*arguments: str | Path) -> None:
    """Run the command; its exit code has to be 0."""
    subprocess.run(
        [sys.executable, "-m", "scenario_runner", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def dciodvfy(files: list[Path]) -> None:
    """Judge each file by the other program, which speaks on stderr and ends with any code."""
    for file in files:
        subprocess.run(["dciodvfy", file], capture_output=True, check=False)


def measured(name: str, files: int, work: Callable[[], None]) -> float:
    """Print what a piece of work took. Returns files a second of elapsed time."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    elapsed = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name:10} {elapsed:7.2f} s elapsed, {used:7.2f} s of the processor, "
        f"{files / elapsed:6.0f} files/s, {files / used:6.0f} files/s of the processor"
    )
    return files / elapsed


def main() -> None:
    """Measure both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    wanted = parser.parse_args().files
    with TemporaryDirectory() as folder:
        scenario = Path(folder, "check.yaml")
        scenario.write_text(SCENARIO.format(files=wanted), encoding="utf-8")
        fabricate("run", scenario, "--out", Path(folder, "runs"), "--registry", ":memory:")
        files = sorted(Path(folder, "runs").rglob("*.dcm"))
        assert len(files) == wanted, len(files)
        ours = measured("fabricate", wanted, lambda: fabricate("check", files[0].parent))
        if which("dciodvfy") is None:
            print("dciodvfy is not installed")
            return
        theirs = measured("dciodvfy", wanted, lambda: dciodvfy(files))
        print(f"fabricate judges {ours / theirs:.2f} times as many files in the same time")


if __name__ == "__main__":
    main()
