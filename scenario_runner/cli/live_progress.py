"""What moves on a terminal while a run goes on: which step, how far, how fast, how long yet, and what the PACS says.

It is drawn on stderr and leaves nothing behind. Where stderr is no terminal, nothing is drawn.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Self

import click

from scenario_runner.answers import answer_in_a_word
from scenario_runner.cli.wrapping import printable
from scenario_runner.events import (
    CaseFinished,
    CaseStarted,
    Event,
    InstanceSent,
    Progress,
    RunStarted,
    Stamped,
    StepFinished,
    StepStarted,
)
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from rich.progress import TaskID

    from scenario_runner.cli.live_bars import Bars

_BAD = ("failed", "error", "interrupted")
_LATEST = 3
"""How many of the steps that did not pass are told while their cases go on."""
_KINDS = 4
"""How many statuses of a step are told, the most frequent."""


@dataclass(slots=True)
class _UnderWay:
    task: TaskID
    name: str
    statuses: Counter[str] = field(default_factory=Counter)
    refused: str = ""
    """What the PACS said of the last one it did not store."""


class Live:
    """Bars of the steps that are under way, by the events of a run.

    drawn: False keeps the terminal still. side_by_side: several cases go on at once, whose lines are printed at their
    end; then a bar names its case, and what did not pass is told below. Nothing is drawn before the run begins, so that a
    question can be asked until then.
    """

    def __init__(self, *, drawn: bool = True, side_by_side: bool = False) -> None:
        self._drawn = drawn
        self.side_by_side = side_by_side
        """May be found out later, from when on it counts."""
        self._bars: Bars | None = None
        self._steps: dict[tuple[str, str], _UnderWay] = {}
        self._names: dict[str, str] = {}
        self._cases = 0
        self._outcomes: Counter[str] = Counter()
        self._latest: deque[str] = deque(maxlen=_LATEST)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def handle(self, stamped: Stamped) -> None:
        """See EventHandler."""
        self.take(stamped.event)

    def close(self) -> None:
        """No event follows."""

    def take(self, event: Event) -> None:
        """Show what an event says of where the run is."""
        if isinstance(event, RunStarted):
            self._cases = event.cases
            if self._drawn and _can_move():
                from scenario_runner.cli.live_bars import Bars

                self._bars = Bars()
                self._bars.start()
        if self._bars is None:
            return
        match event:
            case InstanceSent():
                self._answered(event)
                return  # a million of these redraw nothing by themselves
            case CaseStarted():
                self._names[event.case] = _told_apart(event)
            case StepStarted():
                self._begin(event, self._bars)
            case Progress():
                step = self._steps.get((event.case, event.id))
                if step is not None:
                    self._bars.update(step.task, completed=event.done, total=event.total)
            case StepFinished():
                self._end(event, self._bars)
            case CaseFinished():
                self._outcomes[event.outcome] += 1
            case _:
                return
        self._bars.say_below(self._lines())

    def write(self, line: str) -> None:
        """One line to stdout, above the bars when both are the same terminal."""
        if self._bars is not None and sys.stdout.isatty():
            from rich.text import Text

            self._bars.console.print(Text.from_ansi(line), soft_wrap=True)
        else:
            click.echo(line)

    def _begin(self, event: StepStarted, bars: Bars) -> None:
        from scenario_runner.cli.live_bars import shortened

        name = self._named(event.case, event.title or event.id)
        task = bars.add_task(shortened(name), total=None)
        self._steps[event.case, event.id] = _UnderWay(task, name)

    def _answered(self, event: InstanceSent) -> None:
        step = self._steps.get((event.case, event.id))
        if step is None:
            return
        word = answer_in_a_word(event.status, told=event.stored, maybe_stored=event.maybe_stored)
        step.statuses[word] += 1
        if not event.stored:
            step.refused = event.comment

    def _end(self, event: StepFinished, bars: Bars) -> None:
        step = self._steps.pop((event.case, event.id), None)
        if step is not None:
            bars.remove_task(step.task)
        if self.side_by_side and event.outcome in _BAD:
            name = self._named(event.case, event.title or event.id)
            self._latest.append(f"{name}: {printable(event.message)}")

    def _named(self, case: str, step: str) -> str:
        """The step, and its case where lines above do not say which it is."""
        if self.side_by_side and self._cases > 1:
            return printable(f"{self._names.get(case, case)} · {step}")
        return printable(step)

    def _lines(self) -> Iterator[tuple[str, str]]:
        """What stands below the bars: statuses, what did not pass, which case it is."""
        for step in self._steps.values():
            if step.statuses:
                told = ", ".join(f"{n} x {one}" for one, n in step.statuses.most_common(_KINDS))
                name = f"{step.name}: " if len(self._steps) > 1 else ""
                refused = f"; {printable(step.refused)}" if step.refused else ""
                yield f"  {name}{told}{refused}", "yellow" if step.refused else "dim"
        for failure in self._latest:
            yield f"  FAIL {failure}", "red"
        if self._cases > 1:
            bad = sum(self._outcomes[one] for one in _BAD)
            yield self._where() + (f", {bad} did not pass" if bad else ""), "red" if bad else "dim"

    def _where(self) -> str:
        """``case 7 of 24``: the one that began last, and how many go on where that is more than one."""
        over = sum(self._outcomes.values())
        begun = max(len(self._names), over)
        at_once = f", {begun - over} at once" if begun - over > 1 else ""
        return f"  case {begun} of {self._cases}{at_once}"


def _can_move() -> bool:
    """Whether stderr is a terminal on which what was drawn can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _told_apart(event: CaseStarted) -> str:
    """What tells a case from others in few letters: the values of its matrix, or its name."""
    return "/".join(str(value) for value in event.matrix.values()) or event.name
