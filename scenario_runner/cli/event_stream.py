"""The events of a run on stdout for programs, while it goes on: ``fabricate run --format json``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, Self

import click

from scenario_runner.app.telemetry import Telemetry, configured
from scenario_runner.cli.console import Console
from scenario_runner.cli.verbosity import remark, volume
from scenario_runner.evidence.log import event_line

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from scenario_runner.events import EventHandler, Stamped


class EventStream:
    """An event handler that writes the lines of ``events.ndjson``, each as soon as it is known."""

    def __init__(self) -> None:
        self.lost: OSError | None = None
        """See Watching."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is left open."""

    def handle(self, stamped: Stamped) -> None:
        """Write one event."""
        if self.lost is not None:
            return
        try:
            click.echo(event_line(stamped), nl=False)
        except OSError as error:
            # Whoever read our output has gone, or its disk is full. The run and its record go on.
            self.lost = error

    def close(self) -> None:
        """No event follows."""

    def summary(self, folder: Path) -> None:
        """Say on stderr where the report lies; stdout has nothing but events."""
        remark(f"report: {folder / 'report.html'}")


class Watching(Protocol):
    """What shows a run while it goes on."""

    lost: OSError | None
    """Why standard output did not take all it was told, where it did not."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""

    def handle(self, stamped: Stamped) -> None:
        """See EventHandler."""

    def close(self) -> None:
        """See EventHandler."""

    def summary(self, folder: Path) -> None:
        """Say how the run ended and where its report lies."""


def watching(style: str, workers: int) -> Watching:
    """What shows a run: to people (``text``), to programs (``json``)."""
    if style == "json":
        return EventStream()
    return Console(side_by_side=workers > 1, volume=volume())


@contextmanager
def watchers(
    style: str, workers: int, collector: str | None
) -> Iterator[tuple[Watching, list[EventHandler]]]:
    """What shows a run, and all that is told of it: a collector of OpenTelemetry, too, where one is named.

    Raises UsageError for a collector without the libraries.
    """
    others = [Telemetry(collector)] if configured(os.environ, collector) else []
    with watching(style, workers) as console:
        yield console, [console, *others]
    if any(one.lost for one in others):
        remark("the collector of OpenTelemetry has not taken all of the run; its record is whole")
