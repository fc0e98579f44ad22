"""The events of a run on stdout for programs, while it goes on: ``fabricate run --format json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import click

from scenario_runner.cli.console import Console
from scenario_runner.cli.verbosity import remark, volume
from scenario_runner.evidence.log import event_line

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.events import Stamped


class EventStream:
    """An event handler that writes the lines of ``events.ndjson``, each as soon as it is known."""

    def __init__(self) -> None:
        self._nobody_reads = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def handle(self, stamped: Stamped) -> None:
        """Write one event."""
        if self._nobody_reads:
            return
        try:
            click.echo(event_line(stamped), nl=False)
        except OSError:
            # Whoever read our output has gone. The run and its record go on.
            self._nobody_reads = True

    def close(self) -> None:
        """No event follows."""

    def summary(self, folder: Path) -> None:
        """Say on stderr where the report lies; stdout has nothing but events."""
        remark(f"report: {folder / 'report.html'}")


def watching(style: str, workers: int) -> Console | EventStream:
    """What shows a run: to people (``text``), to programs (``json``)."""
    if style == "json":
        return EventStream()
    return Console(side_by_side=workers > 1, volume=volume())
