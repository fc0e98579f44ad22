"""What a person sees while a run goes on: results on stdout, live progress on a terminal's stderr."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.fold import beside, cells, folded, padded, terminal_width
from scenario_runner.events import (
    CaseFinished,
    CaseStarted,
    CheckFinished,
    Event,
    Logged,
    Progress,
    RunFinished,
    Stamped,
    StepFinished,
    StepStarted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_WORDS = {
    "passed": ("pass", "green"),
    "failed": ("FAIL", "red"),
    "error": ("ERROR", "red"),
    "skipped": ("skip", "yellow"),
    "interrupted": ("STOP", "red"),
}


_BAD = ("failed", "error", "interrupted")

_WIDEST = 40
"""Longer names push their message to the right, or below on a terminal."""

_INDENT = 9
"""Columns before the name of a step."""

_KINDS_IN_A_MESSAGE, _KINDS_LISTED = 4, 40

_NAMED = 20
"""How many of the cases that did not pass are named at the end."""


class Console:
    """An event handler that prints. Lines go out as steps finish; nothing is repeated.

    side_by_side: several cases run at once; then the lines of each go out together at its end.
    """

    def __init__(self, *, side_by_side: bool = False) -> None:
        self._side_by_side = side_by_side
        self._nobody_reads = False
        self._waiting: dict[str, list[str]] = {}
        self._widths: dict[str, int] = {}
        """How wide the names of a case's steps are."""
        self._bar: Bar | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._failed_checks: dict[tuple[str, str], list[CheckFinished]] = {}
        self._outcomes: list[str] = []
        self._bad_cases: list[tuple[str, str]] = []
        self._seconds = 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console as RichConsole
            from rich.progress import BarColumn, SpinnerColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                SpinnerColumn(),
                # Not markup: the name of a case has brackets, and comes from a scenario.
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TextColumn("{task.fields[count]}", markup=False),
                console=RichConsole(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def handle(self, stamped: Stamped) -> None:
        """Print what a person wants to know of one event."""
        event = stamped.event
        match event:
            case CaseStarted():
                title = _safe(str(event.scenario.get("title") or ""))
                name = click.style(event.case, bold=True)
                names = [cells(str(step["title"] or step["id"])) for step in event.steps]
                self._widths[event.case] = min(max(names, default=0), _WIDEST)
                for line in beside(event.case, title, 0, terminal_width()):
                    self._print(event.case, line.replace(event.case, name, 1))
            case StepStarted() | Progress():
                self._show(event)
            case Logged(level="warning"):
                word = click.style("warning:", fg="yellow")
                self._print(event.case, f"         {word} {_safe(event.message)}")
            case CheckFinished(outcome="failed" | "error"):
                self._failed_checks.setdefault((event.case, event.id), []).append(event)
            case StepFinished():
                self._step(event)
            case CaseFinished():
                self._outcomes.append(event.outcome)
                if event.outcome in _BAD:
                    self._bad_cases.append((event.outcome, event.case))
                if event.outcome == "skipped":
                    self._print(event.case, f"  {_word('skipped')}  {event.message}")
                for line in self._waiting.pop(event.case, ()):
                    self._out(line)
            case RunFinished():
                self._seconds = event.duration_s
            case _:
                pass

    def close(self) -> None:
        """No event follows."""

    def summary(self, folder: Path) -> None:
        """The last line: how many cases came out how, and where the report lies."""
        counts = {one: self._outcomes.count(one) for one in _WORDS if one in self._outcomes}
        text = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        bad = any(outcome in counts for outcome in _BAD)
        if len(self._outcomes) > 1 and self._bad_cases:
            self._out("did not pass:")
            for outcome, case in self._bad_cases[:_NAMED]:
                self._out(f"  {_word(outcome)}  {_safe(case)}")
            if len(self._bad_cases) > _NAMED:
                self._out(f"         and {len(self._bad_cases) - _NAMED} more")
        line = f"{amount(len(self._outcomes), 'case')}: {text} in {self._seconds:.1f} s"
        colour = "red" if bad else "green" if "passed" in counts else "yellow"
        self._out(click.style(line, fg=colour, bold=True))
        self._out(f"report: {folder / 'report.html'}")

    def _step(self, event: StepFinished) -> None:
        task = self._tasks.pop((event.case, event.id), None)
        if self._bar is not None and task is not None:  # the first task has the number 0
            self._bar.remove_task(task)
        name = padded(_safe(event.title or event.id), self._widths.get(event.case, 0))
        message = _safe(event.message)
        if event.attempts > 1:
            message = f"{message} ({event.attempts} attempts)".lstrip()
        first, *others = beside(name, message, _INDENT, terminal_width())
        for line in (f"  {_word(event.outcome)}  {first}", *others):
            self._print(event.case, line.rstrip())
        failed = self._failed_checks.pop((event.case, event.id), [])
        if event.outcome in _BAD:
            # Of several attempts the last one counts.
            for check in (one for one in failed if one.attempt == event.attempts):
                text = f"{_safe(check.title or check.check)}: {_safe(check.message)}"
                first, *others = folded(text, _INDENT + 2, terminal_width())
                self._print(event.case, f"{' ' * _INDENT}- {first}")
                for line in others:
                    self._print(event.case, line)
                for line in _kinds(check):
                    self._print(event.case, f"{' ' * _INDENT}    {line}")

    def _show(self, event: Event) -> None:
        if self._bar is None:
            return
        if isinstance(event, StepStarted):
            name = f"{event.case}: {event.title or event.id}"
            self._tasks[event.case, event.id] = self._bar.add_task(
                _safe(name), total=None, count=""
            )
        elif isinstance(event, Progress) and (event.case, event.id) in self._tasks:
            task = self._tasks[event.case, event.id]
            count = f"{event.done}/{event.total}" if event.total else f"{event.done}"
            self._bar.update(task, completed=event.done, total=event.total, count=count)

    def _print(self, case: str, line: str) -> None:
        if self._side_by_side:
            self._waiting.setdefault(case, []).append(line)
        else:
            self._out(line)

    def _out(self, line: str) -> None:
        """One line to stdout, above the bar when both are the same terminal."""
        if self._nobody_reads:
            return
        try:
            self._write(line)
        except OSError:
            # Whoever read our output has gone (`| head`). The run and its record go on.
            self._nobody_reads = True

    def _write(self, line: str) -> None:
        if self._bar is not None and sys.stdout.isatty():
            from rich.text import Text

            self._bar.console.print(Text.from_ansi(line), soft_wrap=True)
        else:
            click.echo(line)


def _kinds(check: CheckFinished) -> Iterator[str]:
    """The kinds of difference that its message has no room for."""
    if len(check.kinds) <= _KINDS_IN_A_MESSAGE:
        return
    for kind in check.kinds[:_KINDS_LISTED]:
        sides = [
            "various" if name in kind["various"] else str(kind[name])
            for name in ("expected", "actual")
        ]
        yield _safe(f"{kind['count']} x {kind['attribute']}: {sides[0]} became {sides[1]}"[:300])
    if (more := len(check.kinds) - _KINDS_LISTED) > 0:
        yield f"and {amount(more, 'more kind')}, all in run.json"


def _word(outcome: str) -> str:
    word, colour = _WORDS[outcome]
    return click.style(f"{word:<5}", fg=colour, bold=True)


def _safe(text: str) -> str:
    """Without control characters: what a PACS says must not steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
