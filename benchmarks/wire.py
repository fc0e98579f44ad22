"""C-STORE over one association: this package beside DCMTK's dcmsend, in one run, as ratios.

    python benchmarks/wire.py [--quick]

Both send the same objects to the same peer: storescp ``--ignore`` (which throws everything away, so
that only the wire counts) and Orthanc as Debian installs it. The DCMTK programs run with
``TCP_NODELAY=1``, their best setting. Both rates are what each further image costs: dcmsend's start-up
and association are taken off by runs with one file; ours counts from the first answer to the last.
Each figure is the best of three alternating rounds.
Last come whole processes: ``fabricate run``, which generates CT slices and sends them, beside dcmsend,
which sends as many files that lie there already; 1,000 into storescp, fewer into Orthanc, for dcmsend
takes 50 ms for each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
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
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Peer
from tests.network.objects import CT, PAIR, Encoded, Study
from tests.peers.processes import (
    Server,
    hide_scripts_of_this_environment,
    orthanc,
    storescp,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
NODELAY = {"TCP_NODELAY": "1"}
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """So many square images of that size."""

    size: int
    count: int


def ours(server: Server, instances: Sequence[Encoded]) -> float:
    """Images a second that one association adds for each further instance."""
    peer = Peer(host=server.host, port=server.port, ae_title=server.ae_title)

    answers = store(peer, instances, [PAIR], Deadline(600))
    stored = int(next(answers).status == 0)
    started = time.perf_counter()
    stored += sum(answer.status == 0 for answer in answers)
    took = time.perf_counter() - started
    if stored != len(instances):
        raise RuntimeError(f"{stored} of {len(instances)} stored")
    return (stored - 1) / took


def dcmsend(server: Server, files: Sequence[Path]) -> float:
    """Images a second that dcmsend adds for each further file."""

    def run(chosen: Sequence[Path]) -> float:
        command = ["dcmsend", "-aec", server.ae_title, server.host, str(server.port)]
        started = time.perf_counter()
        subprocess.run([*command, *map(str, chosen)], check=True, env={**os.environ, **NODELAY})
        return time.perf_counter() - started

    start_up = min(run(files[:1]) for _ in range(3))
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


def whole_processes(
    name: str,
    start: Callable[[Path], contextlib.AbstractContextManager[Server]],
    slices: int,
) -> None:
    """Generate and send by one command, beside sending what lies there."""
    with tempfile.TemporaryDirectory() as made, start(Path(made)) as server:
        folder = Path(made)
        files = write(list(Study().instances(slices, 512)), folder)
        series = {"modality": "CT", "images": slices, "size": [512, 512]}
        scenario = {
            "schema": "scenario/v1",
            "name": "slices",
            "patients": [{"studies": [{"series": [series]}]}],
            "steps": [{"send": {"to": "pacs"}}],
        }
        dicom = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        target = {"environment": "test", "dicom": dicom}
        site = {"schema": "site/v1", "name": "bench", "targets": {"pacs": target}}
        for file, content in (("slices.yaml", scenario), ("site.yaml", site)):
            (folder / file).write_text(json.dumps(content), encoding="utf-8")

        def fabricate(number: int) -> list[str | Path]:
            return [sys.executable, "-m", "scenario_runner", "run", folder / "slices.yaml",
                    "--site", folder / "site.yaml", "--out", folder / f"run{number}",
                    "--registry", ":memory:"]  # fmt: skip

        address = [server.host, str(server.port)]
        dcmsend_all: list[str | Path] = ["dcmsend", "-aec", server.ae_title, *address, *files]
        rounds = [(_seconds(dcmsend_all), _seconds(fabricate(n))) for n in range(ROUNDS)]
    theirs, mine = (min(column) for column in zip(*rounds, strict=True))
    print(
        f"{name:<20} {slices} CT 512², whole process: dcmsend of files {theirs:.2f} s   "
        f"fabricate run {mine:.2f} s   ratio {theirs / mine:.2f}",
        flush=True,
    )


def _seconds(command: Sequence[str | Path]) -> float:
    started = time.perf_counter()
    environment = {**os.environ, **NODELAY, "PYTHONPATH": str(ROOT)}
    # An installed package has its bytecode: nothing is compiled at each start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(list(map(str, command)), check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    hide_scripts_of_this_environment()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a quarter of the images")
    less = 4 if parser.parse_args().quick else 1
    loads = [Load(64, 2000 // less), Load(512, 500 // less), Load(2048, 60 // less)]
    compare("storescp --ignore", ignoring_storescp, loads, 10_000)
    compare("Orthanc as installed", orthanc, loads[:2], 100 // less)
    whole_processes("storescp --ignore", ignoring_storescp, 1000 // less)
    whole_processes("Orthanc as installed", orthanc, 200 // less)


if __name__ == "__main__":
    main()
