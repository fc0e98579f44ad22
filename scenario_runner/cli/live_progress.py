"""What moves on a terminal while a run goes on: which case, which step, how far, how fast, how long yet.

It is drawn on stderr and leaves nothing behind. Where stderr is no terminal, nothing is drawn.
"""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Self

import click

from scenario_runner.cli.wrapping import printable
from scenario_runner.events import (
    CaseStarted,
    Event,
    Progress,
    RunStarted,
    Stamped,
    StepFinished,
    StepStarted,
)

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import Task, TaskID
    from rich.text import Text

_LEAST, _LONGEST = 16, 46
"""Columns for what is under way; the figures beside it matter more."""
_FIGURES = 40
"""Columns for those."""


class Live:
    """Bars of the steps that are under way, by the events of a run. drawn: False keeps the terminal still.

    Nothing is drawn before the run begins, so that a question can be asked until then.
    """

    def __init__(self, *, drawn: bool = True) -> None:
        self._drawn = drawn
        self._bar: Bar | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._cases = 0
        self._begun = 0
        self._numbers: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def handle(self, stamped: Stamped) -> None:
        """See EventHandler."""
        self.take(stamped.event)

    def close(self) -> None:
        """No event follows."""

    def take(self, event: Event) -> None:
        """Show what an event says of where the run is."""
        if isinstance(event, RunStarted):
            self._cases = event.cases
            if self._drawn and sys.stderr.isatty():
                self._bar = _bar()
                self._bar.start()
        if self._bar is None:
            return
        match event:
            case CaseStarted():
                self._begun += 1
                self._numbers[event.case] = self._begun
            case StepStarted():
                name = f"{event.title or event.id}{self._place(event.case)}"
                self._tasks[event.case, event.id] = self._bar.add_task(
                    _shortened(printable(name)), total=None, unit=""
                )
            case Progress():
                task = self._tasks.get((event.case, event.id))
                if task is not None:  # the first task has the number 0
                    self._bar.update(task, completed=event.done, total=event.total, unit=event.unit)
            case StepFinished():
                task = self._tasks.pop((event.case, event.id), None)
                if task is not None:
                    self._bar.remove_task(task)
            case _:
                pass

    def write(self, line: str) -> None:
        """One line to stdout, above the bars when both are the same terminal."""
        if self._bar is not None and sys.stdout.isatty():
            from rich.text import Text

            self._bar.console.print(Text.from_ansi(line), soft_wrap=True)
        else:
            click.echo(line)

    def _place(self, case: str) -> str:
        """`` · case 7 of 24, ct[station=CT1]`` where there are several."""
        if self._cases < 2:
            return ""
        number = self._numbers.get(case, self._begun)
        return f" · case {number} of {self._cases}, {case}"


def _shortened(text: str) -> str:
    from rich.cells import cell_len, set_cell_size

    room = max(_LEAST, min(_LONGEST, get_terminal_size().columns - _FIGURES - _bar_width() - 4))
    return text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + "…"


def _bar_width() -> int:
    """Columns of a bar: few where there are few."""
    return 24 if get_terminal_size().columns >= 100 else 8


def figures(done: float, total: float | None, speed: float | None, elapsed: float) -> str:
    """``120/300  85/s  1.4 s, 2 s left``: what is known of it."""
    parts = [f"{done:.0f}/{total:.0f}" if total else f"{done:.0f}"] if done or total else []
    if speed and done:
        parts.append(f"{speed:.0f}/s" if speed >= 10 else f"{speed:.1f}/s")
    times = _clock(elapsed)
    if speed and total and total > done:
        times += f", {_clock((total - done) / speed)} left"
    return "  ".join([*parts, times])


def _clock(seconds: float) -> str:
    """``4 s``, ``2:05 min``, ``1:02:05 h``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.table import Column
    from rich.text import Text

    class Figures(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(figures(task.completed, task.total, speed, task.elapsed or 0.0))

    return Bar(
        SpinnerColumn(),
        # Not markup: the name of a case has brackets, and comes from a scenario.
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=_bar_width()),
        Figures(table_column=Column(no_wrap=True)),
        console=Console(stderr=True),
        transient=True,
    )
