"""Runs on a cluster while workers are killed: is every run complete, is anything sent twice without being told?

    python benchmarks/scale.py [--kills 20] [--workers 4] [--peer embedded|storescp|orthanc]

Three cases of 60 images go into a peer by ``--on local:N``; in each run one worker is killed as soon as it
has told of ten instances. The record has to be that of one process but for times and workers, each instance
acknowledged once and at the peer, and what came to the embedded PACS twice has to be named as unknown.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.app.test_cluster import (
    STEPS,
    kill_a_worker,
    require_told,
    require_whole,
    run,
    run_into,
)
from tests.peers import processes
from tests.running import record

if TYPE_CHECKING:
    from collections.abc import Callable

INSTANCES = 180
_SENT = STEPS[:1]
"""For a peer that answers no queries."""


def into_embedded(out: Path, *options: str, meanwhile: Callable[[Path], object]) -> None:
    """One run into an embedded PACS of its own."""
    run(out, *options, meanwhile=meanwhile)
    if options:
        require_told(out)


def into_storescp(out: Path, *options: str, meanwhile: Callable[[Path], object]) -> None:
    """One run into DCMTK's storescp, which writes a file for each instance."""
    out.mkdir()
    with processes.storescp(out) as server:
        run_into(
            out, server.port, server.ae_title, _SENT, *options, at=lambda _: meanwhile(out / "run")
        )
        assert len(list(server.folder.iterdir())) == INSTANCES


def into_orthanc(out: Path, *options: str, meanwhile: Callable[[Path], object]) -> None:
    """One run into an Orthanc."""
    out.mkdir()
    with processes.orthanc(out) as server:
        run_into(
            out, server.port, server.ae_title, STEPS, *options, at=lambda _: meanwhile(out / "run")
        )
        with urllib.request.urlopen(f"{server.http}/statistics", timeout=60) as answer:
            assert json.load(answer)["CountInstances"] == INSTANCES


PEERS = {"embedded": into_embedded, "storescp": into_storescp, "orthanc": into_orthanc}


def main() -> None:
    """Kill so many workers, and say what became of the runs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--peer", choices=PEERS, default="embedded")
    given = parser.parse_args()
    into = PEERS[given.peer]
    took, unknown = [], 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        into(folder / "alone", meanwhile=lambda _: None)
        alone = record(folder / "alone" / "run")
        for number in range(1, given.kills + 1):
            out = folder / str(number)
            begun = time.perf_counter()
            into(out, "--on", f"local:{given.workers}", meanwhile=kill_a_worker)
            took.append(time.perf_counter() - begun)
            require_whole(out / "run", alone, INSTANCES if given.peer == "embedded" else 0)
            doubtful = sum(len(one["unknown"]) for one in record(out / "run")["taken_over"])
            unknown += doubtful
            print(f"{number}: whole after {took[-1]:.1f} s, {doubtful} unknown", flush=True)
    print(
        f"{given.peer}: {given.kills} of {given.kills} runs complete and equal to one process's; median "
        f"{statistics.median(took):.1f} s; {unknown} instances named that may have been sent twice"
    )


if __name__ == "__main__":
    main()
