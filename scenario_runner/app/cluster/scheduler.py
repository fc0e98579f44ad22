"""Dask, asked for as little as can be: workers that take tasks, and again when one of them is lost."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.errors import MachineError
from scenario_runner.temporary import TemporaryFolder

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.app.cluster.address import Cluster

PATIENCE: Final = 60.0
"""Seconds that a run waits for its first worker, or for another when all are gone."""
_CONNECT: Final = 10.0
_DEATHS: Final = 10
"""How many workers may die of one task before it is given up, on processes of our own."""

_LONGEST: Final = 70
"""Bytes of a folder's name; multiprocessing puts 32 more behind it, and macOS takes 103 (Linux 107)."""
_METHOD: Final = (
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)


@contextmanager
def connected(cluster: Cluster) -> Iterator[Any]:
    """A ``distributed.Client``; workers of our own are started, and ended again.

    Raises MachineError when there is no scheduler.
    """
    from distributed import Client

    with ExitStack() as stack:
        _quieten()
        where: Any = cluster.scheduler or stack.enter_context(_own(cluster.processes))
        try:
            client = Client(where, timeout=_CONNECT, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise MachineError(
                f"the Dask scheduler at {cluster.text} does not answer: {error}",
                hint="see that it runs, and that its version of Dask is the one here",
            ) from error
        try:
            yield client
        finally:
            client.close(timeout=_CONNECT)


def slots(client: Any) -> int:
    """How many tasks its workers do at a time; 0 without any, or without a scheduler."""
    try:
        info = client.scheduler_info(n_workers=-1)
    except OSError:
        return 0
    return sum(int(one["nthreads"]) for one in info.get("workers", {}).values())


@contextmanager
def _own(processes: int) -> Iterator[Any]:
    """Workers on this machine, one task each, whom nobody else can give work to."""
    import dask
    from distributed import LocalCluster
    from distributed.utils import get_mp_context

    settings = {
        "distributed.scheduler.allowed-failures": _DEATHS,
        # Another process is there at once when one is lost, for Dask is imported already.
        "distributed.worker.multiprocessing-method": _METHOD,
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.worker.memory.terminate": False,
        # By default free memory goes back to the system at once: the 128 pages of an image of 512 by 512 are taken,
        # zeroed and given back for every image, which takes longer than to make it.
        "distributed.nanny.pre-spawn-environ": {
            "OMP_NUM_THREADS": 1,
            "MKL_NUM_THREADS": 1,
            "OPENBLAS_NUM_THREADS": 1,
        },
        # Nobody looks at what its threads do, a hundred times a second.
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "500ms",
    }
    with (
        TemporaryFolder() as folder,
        dask.config.set(settings | {"temporary-directory": str(folder)}),
    ):
        if _METHOD == "forkserver":
            get_mp_context().set_forkserver_preload(["scenario_runner.app.cluster.preloaded"])
        try:
            cluster = LocalCluster(
                n_workers=processes,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                # Its pages are for nobody; without a port it takes one that other runs want, too, and says so.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                security=True,  # keys made for this run: other users of the machine stay outside
                silence_logs=logging.CRITICAL,
                local_directory=str(folder),
                env=_temporary(folder),
            )
        except (RuntimeError, OSError) as error:
            raise MachineError(
                f"--on local:{processes}: not every process could be started: {error}",
                hint="start fewer, and see how much memory is free",
            ) from error
        try:
            yield cluster
        finally:
            cluster.close(timeout=_CONNECT)


def _temporary(folder: Path) -> dict[str, str]:
    """What workers plan from is gone with our folder, also where one of them is killed.

    Where its name is so long that the name of a socket in it would be too long for the system, they keep the usual one.
    """
    if len(os.fsencode(folder)) > _LONGEST:
        return {}
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def _quieten() -> None:
    """What Dask says of workers and a scheduler that are lost is said by the run's own record.

    It has loggers with levels of their own, and some speak when the process ends.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def no_workers() -> MachineError:
    """What is said when nobody has been there to do anything for that long."""
    return MachineError(
        f"the Dask scheduler has had no worker for {PATIENCE:g} s",
        hint="start workers that have dicom-fabricator installed; see docs/guide/scale.md",
    )
