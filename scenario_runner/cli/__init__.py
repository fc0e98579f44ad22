"""The command line: parse, call one function, print, return an exit code."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import TextIO


def main() -> None:
    """Entry point of ``fabricate``."""
    from scenario_runner.cli.group import fabricate
    from scenario_runner.cli.output import reported

    for stream in (sys.stdout, sys.stderr):
        _take_every_name(stream)
    sys.exit(reported(fabricate))


def _take_every_name(stream: TextIO | None) -> None:
    """Let a stream print every script: a name must not end a run where the terminal lacks letters.

    What goes into a file or another program is UTF-8 on every system.
    """
    if isinstance(stream, TextIOWrapper):
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
