"""What every worker of ours needs, imported once by the process that they are forked from."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import sys
from typing import Final

MODULES: Final = (
    "distributed",
    "sqlalchemy.dialects.sqlite",
    "scenario_runner.app.cluster.work",
    "scenario_runner.app.embedded",
    "scenario_runner.checks",
    "scenario_runner.conformance",
    "scenario_runner.evidence.built_in",
    "scenario_runner.evidence.html",
    "scenario_runner.imaging.built_in",
    "scenario_runner.imaging.factory",
    "scenario_runner.network.find",
    "scenario_runner.network.store",
    "scenario_runner.orders.built_in",
    "scenario_runner.pacs.server",
    "scenario_runner.planning.built_in",
    "scenario_runner.registry.built_in",
    "scenario_runner.steps",
    "scenario_runner.targets.embedded_options",
)

_OBJECTS_BETWEEN_COLLECTIONS: Final = 400_000
"""As a run in one process has it: what a worker makes is told and forgotten, and has few cycles."""
_FORKS: Final = "multiprocessing.forkserver import main"
"""How the process begins that workers are forked from."""

gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
for name in MODULES:
    importlib.import_module(name)
# It all stays, and a worker that searched it for cycles would have a copy of its own of every page.
gc.freeze()


def _leave(process: int) -> None:
    if os.getpid() == process:  # and not one that was forked from it
        os._exit(0)


if any(_FORKS in argument for argument in sys.orig_argv):
    # It ends after the run and holds the run's output: who reads that to its end would wait, longer than for the
    # run itself, until all these modules are taken apart.
    atexit.register(_leave, os.getpid())
