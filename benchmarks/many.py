"""Fifty associations at once into the embedded PACS: is anything lost, does its memory grow?

    python benchmarks/many.py [--associations 50] [--each 200]

The PACS is a process of its own (``fabricate pacs serve``), so that its memory is its own. Two rounds of
the same size: what the second adds to the peak is what grows with the number of instances.
Peaks are read from ``/proc``, so they are printed on Linux only.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.archive.archive import Archive
from scenario_runner.deadline import Deadline
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.archive.samples import CT_IMAGE, EXPLICIT, Sample, sample
from tests.pacs.test_many import Encoded
from tests.running import command

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST = 10**7


def instances(start: int, count: int) -> Iterator[Sample]:
    """Images of 8 by 8 pixels, each a study of its own; one is encoded and its UIDs are patched."""
    first = sample(f"1.2.{_FIRST}")
    for number in range(start, start + count):
        old, new = str(_FIRST), str(_FIRST + number)
        yield dataclasses.replace(
            first,
            sop_instance_uid=first.sop_instance_uid.replace(old, new),
            data=first.data.replace(old.encode(), new.encode()),
        )


def peak_of(pid: int) -> float | None:
    """The peak of a process's resident memory in MB."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return None
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Run two rounds and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--associations", type=int, default=50)
    parser.add_argument("--each", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            command("pacs", "serve", "--folder", folder, "--port", "0"),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        port = int(server.stdout.readline().partition("127.0.0.1:")[2].partition(",")[0])
        peer = Peer(host="127.0.0.1", port=port, ae_title="EMBEDDED")

        def one(part: list[Sample]) -> float:
            began = time.perf_counter()
            answers = store(peer, map(Encoded, part), [(CT_IMAGE, EXPLICIT)], Deadline(600))
            wrong = sum(answer.status != 0 for answer in answers)
            if wrong:
                raise SystemExit(f"{wrong} instances were not acknowledged")
            return time.perf_counter() - began

        for number in range(2):
            total = given.associations * given.each
            made = list(instances(number * total, total))
            parts = [made[place :: given.associations] for place in range(given.associations)]
            began = time.perf_counter()
            with ThreadPoolExecutor(given.associations) as pool:
                seconds = list(pool.map(one, parts))
            took = time.perf_counter() - began
            peak = peak_of(server.pid)
            print(
                f"round {number + 1}: {total} instances over {given.associations} associations in "
                f"{took:.1f} s, {total / took:.0f}/s; an association took {min(seconds):.1f} to "
                f"{max(seconds):.1f} s, median {statistics.median(seconds):.1f} s"
                + (f"; peak of the PACS {peak:.0f} MB" if peak else "")
            )
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        with Archive(Path(folder)) as archive:
            print(f"kept: {archive.counts().instances} of {2 * given.associations * given.each}")


if __name__ == "__main__":
    main()
