"""C-STORE over one association: this package beside DCMTK's dcmsend, in one run, as ratios.

    python benchmarks/wire.py [--quick]

Both send the same objects to the same peer: storescp ``--ignore`` (which throws everything away, so
that only the wire counts) and Orthanc as Debian installs it. The DCMTK programs run with
``TCP_NODELAY=1``, their best setting. dcmsend's rate is what each further file costs it, start-up
taken off by a run with one file; ours is the whole of ``store``, association included.
Each figure is the best of three alternating rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scenario_runner.deadline import Deadline
from scenario_runner.network.peer import Peer
from scenario_runner.network.store import store
from tests.network.objects import CT, PAIR, Encoded, Study
from tests.peers.processes import (
    Server,
    hide_scripts_of_this_environment,
    orthanc,
    storescp,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NODELAY = {"TCP_NODELAY": "1"}
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """So many square images of that size."""

    size: int
    count: int


def ours(server: Server, instances: Sequence[Encoded]) -> float:
    """Images a second of one association."""
    peer = Peer(host=server.host, port=server.port, ae_title=server.ae_title)
    started = time.perf_counter()
    stored = sum(a.status == 0 for a in store(peer, instances, [PAIR], Deadline(600)))
    took = time.perf_counter() - started
    if stored != len(instances):
        raise RuntimeError(f"{stored} of {len(instances)} stored")
    return stored / took


def dcmsend(server: Server, files: Sequence[Path]) -> float:
    """Images a second that dcmsend adds for each further file."""

    def run(chosen: Sequence[Path]) -> float:
        command = ["dcmsend", "-aec", server.ae_title, server.host, str(server.port)]
        started = time.perf_counter()
        subprocess.run([*command, *map(str, chosen)], check=True, env={**os.environ, **NODELAY})
        return time.perf_counter() - started

    start_up = run(files[:1])
    return (len(files) - 1) / max(1e-6, run(files) - start_up)


def write(instances: Sequence[Encoded], folder: Path) -> list[Path]:
    """The same objects as Part 10 files."""
    files = []
    for number, instance in enumerate(instances):
        ds = read_dataset(BytesIO(instance.data), is_implicit_VR=False, is_little_endian=True)
        ds.file_meta = FileMetaDataset()
        ds.file_meta.MediaStorageSOPClassUID = UID(CT)
        ds.file_meta.MediaStorageSOPInstanceUID = UID(instance.sop_instance_uid)
        ds.file_meta.TransferSyntaxUID = UID(instance.transfer_syntax_uid)
        files.append(folder / f"{number:06}.dcm")
        dcmwrite(files[-1], ds, enforce_file_format=True)
    return files


@contextlib.contextmanager
def ignoring_storescp(folder: Path) -> Iterator[Server]:
    with storescp(folder, options=["--ignore"], environment=NODELAY) as server:
        yield server


def compare(
    name: str,
    start: Callable[[Path], contextlib.AbstractContextManager[Server]],
    loads: Sequence[Load],
    most_for_dcmsend: int,
) -> None:
    for load in loads:
        with tempfile.TemporaryDirectory() as made, start(Path(made)) as server:
            instances = list(Study().instances(load.count, load.size))
            files = write(instances[:most_for_dcmsend], Path(made))
            rounds = [(dcmsend(server, files), ours(server, instances)) for _ in range(ROUNDS)]
        theirs, mine = (max(column) for column in zip(*rounds, strict=True))
        print(
            f"{name:<20} {load.size:>5}²  dcmsend {theirs:>8.1f}/s   ours {mine:>8.1f}/s"
            f"   ratio {mine / theirs:>6.2f}",
            flush=True,
        )


def main() -> None:
    hide_scripts_of_this_environment()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the images")
    less = 10 if parser.parse_args().quick else 1
    loads = [Load(64, 2000 // less), Load(512, 500 // less), Load(2048, 60 // less)]
    compare("storescp --ignore", ignoring_storescp, loads, 10_000)
    compare("Orthanc as installed", orthanc, loads[:2], 100 // less)


if __name__ == "__main__":
    main()
