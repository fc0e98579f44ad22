"""Runs on a cluster while workers are killed: is every run complete, is anything sent twice without being told?

    python benchmarks/scale.py [--kills 20] [--workers 4]

Three cases of 60 images go into an embedded PACS by ``--on dask://…``; in each run one worker is killed as soon as it
has told of ten instances. The record has to be that of one process but for times and workers, each instance
acknowledged once, and what came twice has to be named as unknown.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import dask
from distributed import LocalCluster

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.app.test_cluster import kill_a_worker, require_told, require_whole, run
from tests.running import record


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    took, unknown = [], 0
    with (
        tempfile.TemporaryDirectory() as folder,
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),
        LocalCluster(
            n_workers=given.workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=0,
        ) as cluster,
    ):
        where = cluster.scheduler_address.replace("tcp://", "dask://")
        alone = Path(folder, "alone")
        run(alone)
        for number in range(1, given.kills + 1):
            out = Path(folder, str(number))
            begun = time.perf_counter()
            run(out, "--on", where, meanwhile=kill_a_worker)
            took.append(time.perf_counter() - begun)
            require_whole(out / "run", record(alone / "run"))
            require_told(out)
            doubtful = sum(len(one["unknown"]) for one in record(out / "run")["taken_over"])
            unknown += doubtful
            print(f"{number}: whole after {took[-1]:.1f} s, {doubtful} unknown", flush=True)
    print(
        f"{given.kills} of {given.kills} runs complete and equal to one process's; median "
        f"{statistics.median(took):.1f} s; {unknown} instances named that may have been sent twice"
    )


if __name__ == "__main__":
    main()
