"""DICOM Fabricator: prove a PACS integration with synthetic DICOM and keep the evidence.

``from scenario_runner import load, plan, run``; ``app.python`` says what they take.
"""

from __future__ import annotations

import importlib
from typing import Any

from scenario_runner.version import __version__

__all__ = ["__version__", "load", "plan", "run"]

_CALLED = ("load", "plan", "run")


def __getattr__(name: str) -> Any:
    """What programs call, loaded when it is asked for: the command needs none of it to start."""
    if name in _CALLED:
        return getattr(importlib.import_module("scenario_runner.app.python"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
