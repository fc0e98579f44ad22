"""The command line: parse, call one function, print, return an exit code."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from contextlib import suppress

from scenario_runner.cli.streams import all_open, take_every_name

_OBJECTS_BETWEEN_COLLECTIONS = 400_000
"""Loading makes two hundred thousand objects that all stay; looking for cycles among them after every
700 new ones took a tenth of a second. Few cycles are made later, so few wait to be found."""


def main() -> None:
    """Entry point of ``fabricate``."""
    all_open()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    if not sys.warnoptions:
        # What it doubts about values, of a PACS or wrong on purpose, our validators say with a name.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\b")
    # No pixels are made by multiplying matrices: threads for that would spin once and never be used.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Our models are observed by nobody: pydantic need not search every package for plugins of its own.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from scenario_runner.cli.group import fabricate
    from scenario_runner.cli.lazy_pydicom import keep_back
    from scenario_runner.cli.output import reported

    keep_back()

    take_every_name()
    code = reported(fabricate)
    # The process ends: the interpreter need not search all that is loaded for cycles to take apart.
    gc.freeze()
    if bounded := sys.modules.get("scenario_runner.engine.bounded"):
        _end(code, left_behind=bounded.any_left_behind())
    sys.exit(code)


def _end(code: int, *, left_behind: bool) -> None:
    """End at once when a step was left behind: its pools of threads would be waited for."""
    if left_behind:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
