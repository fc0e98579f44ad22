"""What each image costs in memory and in the record, extrapolated to a million.

    python benchmarks/million.py [--images 20000 40000] [--each 1000]

``fabricate run`` sends so many images of 8 by 8 pixels to ``storescp --ignore``, in series of so many each. What the process
holds is read from /proc (Linux): the most while it sends, and the most while the record is made. What grows between
the two sizes is what an image costs; the processor's time is that of the whole process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.memory import held
from tests.peers import processes
from tests.running import command

_SCENARIO = """\
schema: scenario/v1
name: many
seed: 1
patients: [{{count: {series}, studies: [{{series: [{{modality: CT, images: {each}, size: [8, 8], burn_in: false}}]}}]}}]
steps: [{{send: {{to: sink}}, save_as: sent}}]
"""
_SITE = """\
schema: site/v1
name: here
targets: {{sink: {{dicom: {{host: 127.0.0.1, port: {port}, ae_title: {ae_title}}}, environment: test}}}}
"""
_FILES = ("events.ndjson", "run.json", "inputs/plan.json")


def measured(folder: Path, images: int, each: int, server: processes.Server) -> dict[str, float]:
    """MB held and written by one run, and its seconds."""
    folder.mkdir()
    (folder / "s.yaml").write_text(_SCENARIO.format(series=images // each, each=each), "utf-8")
    (folder / "site.yaml").write_text(
        _SITE.format(port=server.port, ae_title=server.ae_title), "utf-8"
    )
    out = folder / "run"
    begun = time.perf_counter()
    process = subprocess.Popen(
        command(
            "run", folder / "s.yaml", "--site", folder / "site.yaml", "--out", out,
            "--registry", ":memory:",
        ),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    most = {"sending": 0.0, "record": 0.0}
    while process.poll() is None:
        phase = "record" if _is_over(out / "events.ndjson") else "sending"
        most[phase] = max(most[phase], held(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise SystemExit(f"the run ended with {process.returncode}")
    files = {name: (out / name).stat().st_size / 1e6 for name in _FILES}
    return {**most, **files, "seconds": time.perf_counter() - begun}


def _is_over(log: Path) -> bool:
    """Whether the run is over, and its record is being made."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 300))
            return b'"run_finished"' in file.read()
    except OSError:
        return False


def main() -> None:
    """Run both sizes, and print what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, nargs=2, default=[20_000, 40_000])
    parser.add_argument("--each", type=int, default=1000, help="images of a series")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with processes.storescp(folder, options=["--ignore"]) as server:
            few, many = (
                measured(folder / str(images), images, given.each, server)
                for images in given.images
            )
    less, more = given.images
    print(f"{'':20}{less:>10,}{more:>10,}  bytes an image  a million")
    for what, first in few.items():
        slope = (many[what] - first) / (more - less)
        million = many[what] + slope * (1_000_000 - more)
        each = "" if what == "seconds" else f"{slope * 1e6:.0f}"
        unit = "s" if what == "seconds" else "MB"
        print(f"{what:20}{first:10.1f}{many[what]:10.1f}{each:>16}{million:9.0f} {unit}")


if __name__ == "__main__":
    main()
