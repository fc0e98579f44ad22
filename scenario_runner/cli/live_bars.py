"""How what moves on a terminal looks: a bar for each step under way, and lines below them."""

from __future__ import annotations

from collections.abc import Iterable
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.table import Column
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Task

_LEAST, _LONGEST = 16, 46
"""Columns for what is under way; the figures beside it matter more."""
_FIGURES = 40
"""Columns for those."""


class Bars(Progress):
    """Bars of tasks on stderr, which leave nothing behind; ``below`` is drawn under them."""

    def __init__(self) -> None:
        self.below: list[Text] = []
        super().__init__(
            SpinnerColumn(),
            # Not markup: the name of a case has brackets, and comes from a scenario.
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=_bar_width()),
            _Figures(table_column=Column(no_wrap=True)),
            console=Console(stderr=True),
            transient=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bars, then what stands below them, a line each."""
        yield from super().get_renderables()
        yield from self.below

    def say_below(self, lines: Iterable[tuple[str, str]]) -> None:
        """Set what stands below: text and style."""
        width = self.console.width - 1
        self.below = [Text(_cut(text, width), style=style, no_wrap=True) for text, style in lines]


class _Figures(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(figures(task.completed, task.total, speed, task.elapsed or 0.0))


def shortened(text: str) -> str:
    """The text of a bar, cut to the room it has."""
    room = max(_LEAST, min(_LONGEST, get_terminal_size().columns - _FIGURES - _bar_width() - 4))
    return _cut(text, room)


def _cut(text: str, room: int) -> str:
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
    if speed and total and (total - done) / speed >= 1:
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
