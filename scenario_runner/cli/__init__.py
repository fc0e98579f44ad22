"""The command line: parse, call one function, print, return an exit code."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of ``fabricate``."""
    from scenario_runner.cli.group import fabricate
    from scenario_runner.cli.output import reported

    sys.exit(reported(fabricate))
