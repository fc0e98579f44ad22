"""What every worker of ours needs, imported once by the process that they are forked from."""

from __future__ import annotations

import importlib
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

for name in MODULES:
    importlib.import_module(name)
