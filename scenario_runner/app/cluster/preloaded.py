"""What every worker of ours needs, imported once by the process that they are forked from."""

from __future__ import annotations

import atexit
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
    "scenario_runner.imaging.factory",
    "scenario_runner.network.find",
    "scenario_runner.network.store",
    "scenario_runner.pacs.server",
    "scenario_runner.steps",
    "scenario_runner.targets.embedded_options",
)

_FORKS: Final = "multiprocessing.forkserver import main"
"""How the process begins that workers are forked from."""

for name in MODULES:
    importlib.import_module(name)


def _leave(process: int) -> None:
    if os.getpid() == process:  # and not one that was forked from it
        os._exit(0)


if any(_FORKS in argument for argument in sys.orig_argv):
    # It ends after the run and holds the run's output: who reads that to its end would wait, longer than for the
    # run itself, until all these modules are taken apart.
    atexit.register(_leave, os.getpid())
