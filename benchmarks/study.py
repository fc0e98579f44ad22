"""``fabricate study`` as a whole process: two words to the embedded PACS, and to Orthanc on this machine.

    python benchmarks/study.py [--rounds 7] [--without-orthanc]

Printed are the median and the best time on the clock and the median of processor time, beside
``python -c "import numpy, pydicom"``. Bytecode is cached, as in an installation; nothing is asked, for there
is no terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "benchmarks"))

from startup import BASE, taken  # noqa: E402

from tests.peers.processes import orthanc  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--without-orthanc", action="store_true")
    given = parser.parse_args()
    python = sys.executable
    study = [python, "-m", "scenario_runner", "study"]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        registry = ["--registry", str(folder / "registry.sqlite3")]
        commands = {BASE: [python, "-c", BASE], "study": [*study, *registry]}
        if not given.without_orthanc:
            server = stack.enter_context(orthanc(folder))
            address = f"{server.ae_title}@{server.host}:{server.port}"
            commands["study --to Orthanc"] = [*study, "--to", address, *registry]
        found: dict[str, list[tuple[float, float]]] = {title: [] for title in commands}
        for number in range(given.rounds + 1):
            for title, command in commands.items():
                seconds = taken(command, folder)
                if number:  # the first one writes bytecode
                    found[title].append(seconds)
    for title, each in found.items():
        walls = [wall for _, wall in each]
        print(
            f"{title:28} {statistics.median(walls):.3f} s, {min(walls):.3f} s at best; "
            f"{statistics.median(cpu for cpu, _ in each):.3f} s of processor"
        )


if __name__ == "__main__":
    main()
