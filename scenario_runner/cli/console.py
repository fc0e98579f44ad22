"""What a person sees while a run goes on: results on stdout, live progress on a terminal's stderr."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.live_progress import Live
from scenario_runner.cli.verbosity import Volume
from scenario_runner.cli.wrapping import (
    beside,
    cells,
    folded,
    padded,
    printable,
    terminal_width,
)
from scenario_runner.events import (
    CaseFinished,
    CaseStarted,
    CheckFinished,
    Logged,
    RunFinished,
    Stamped,
    StepFinished,
    TakenOver,
)

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
_SIDE = 110
"""Characters of what was expected, and of what came, in a line of these."""

_TEMPLATES = 3
"""How many templates of a step that did not pass are told."""

_NAMED = 20
"""How many of the cases that did not pass are named at the end."""


class Console:
    """An event handler that prints. Lines go out as steps finish; nothing is repeated.

    side_by_side: several cases run at once; then the lines of each go out together at its end, as they do from the moment on when a
    second case is seen to run beside a first. volume: quiet shows the cases that did not pass, verbose every check.
    """

    def __init__(self, *, side_by_side: bool = False, volume: Volume = Volume.NORMAL) -> None:
        self._volume = volume
        self._held = side_by_side or volume is Volume.QUIET
        """Whether the lines of a case wait for its end."""
        self.lost: OSError | None = None
        """See Watching."""
        self._waiting: dict[str, list[str]] = {}
        self._running: dict[str, list[str]] = {}
        """The cases that have begun and not ended, with the lines that say which they are."""
        self._widths: dict[str, int] = {}
        """How wide the names of a case's steps are."""
        self._live = Live(drawn=volume is not Volume.QUIET, side_by_side=self._held)
        self._checks: dict[tuple[str, str], list[CheckFinished]] = {}
        self._outcomes: list[str] = []
        self._bad_cases: list[tuple[str, str]] = []
        self._explained: set[str] = set()
        """The cases that go on, of which a step has said what is wrong."""
        self._begun: set[str] = set()
        """The cases that go on, of which a step was not skipped."""
        self._left_out: dict[str, list[tuple[str, str]]] = {}
        """By case the lines of steps skipped before any other, with why: what goes for the whole case is told once."""
        self._seconds = 0.0

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def handle(self, stamped: Stamped) -> None:
        """Print what a person wants to know of one event."""
        event = stamped.event
        self._live.take(event)
        match event:
            case CaseStarted():
                self._case(event)
            case TakenOver():
                self._taken_over(event)
            case Logged(level="warning"):
                word = click.style("warning:", fg="yellow")
                self._print(event.case, f"         {word} {printable(event.message)}")
            case Logged() if self._volume is Volume.VERBOSE:
                self._print(event.case, f"         {printable(event.message)}")
            case CheckFinished():
                if event.outcome in ("failed", "error") or self._volume is Volume.VERBOSE:
                    self._checks.setdefault((event.case, event.id), []).append(event)
            case StepFinished():
                self._step(event)
            case CaseFinished():
                self._case_over(event)
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
        if self._volume is Volume.QUIET and not bad:
            return
        if len(self._outcomes) > 1 and self._bad_cases:
            self._out("did not pass:")
            for outcome, case in self._bad_cases[:_NAMED]:
                self._out(f"  {word(outcome)}  {printable(case)}")
            if len(self._bad_cases) > _NAMED:
                self._out(f"         and {len(self._bad_cases) - _NAMED} more")
        line = f"{amount(len(self._outcomes), 'case')}: {text} in {self._seconds:.1f} s"
        colour = "red" if bad else "green" if "passed" in counts else "yellow"
        self._out(click.style(line, fg=colour, bold=True))
        self._out(f"report: {folder / 'report.html'}")

    def _case(self, event: CaseStarted) -> None:
        title = printable(str(event.scenario.get("title") or ""))
        name = click.style(event.case, bold=True)
        names = [cells(str(step["title"] or step["id"])) for step in event.steps]
        self._widths[event.case] = min(max(names, default=0), _WIDEST)
        lines = [
            line.replace(event.case, name, 1)
            for line in beside(event.case, title, 0, terminal_width())
        ]
        self._running.pop(event.case, None)  # a worker that took it over begins it again
        if self._running and not self._held:
            # Cases arrive, or a cluster has them: whose line is whose could not be told.
            self._held = self._live.side_by_side = True
            self._waiting = {case: list(told) for case, told in self._running.items()}
        self._running[event.case] = lines
        for line in lines:
            self._print(event.case, line)

    def _taken_over(self, event: TakenOver) -> None:
        """What the case has said so far counts no longer."""
        if not event.part:
            self._waiting.pop(event.case, None)
        known = f"{amount(event.acknowledged, 'instance')} known to be stored"
        if event.unknown:
            known += f", {len(event.unknown)} perhaps, which are sent again"
        what = f"{event.case}, {event.part}" if event.part else event.case
        line = f"{what}: taken over by {event.worker} from {event.before}; {known}"
        self._out(f"{click.style('warning:', fg='yellow')} {printable(line)}")

    def _case_over(self, event: CaseFinished) -> None:
        self._outcomes.append(event.outcome)
        self._running.pop(event.case, None)
        if event.outcome != "skipped":
            self._print_left_out(event.case)
        elif left_out := self._left_out.pop(event.case, None):
            # A line for each step of a case that is not run would say the same again.
            for line in (line for why, line in left_out if why != event.message):
                self._print(event.case, line)
        if event.outcome in _BAD:
            self._bad_cases.append((event.outcome, event.case))
        unsaid = event.case not in self._explained and event.message
        self._explained.discard(event.case)
        self._begun.discard(event.case)
        if event.outcome == "skipped" or (event.outcome in _BAD and unsaid):
            self._print(event.case, f"  {word(event.outcome)}  {printable(event.message)}")
        lines = self._waiting.pop(event.case, ())
        if self._volume is not Volume.QUIET or event.outcome in _BAD:
            for line in lines:
                self._out(line)

    def _step(self, event: StepFinished) -> None:
        name = padded(printable(event.title or event.id), self._widths.get(event.case, 0))
        message = printable(event.message)
        if event.attempts > 1:
            message = f"{message} ({event.attempts} attempts)".lstrip()
        first, *others = beside(name, message, _INDENT, terminal_width())
        lines = [line.rstrip() for line in (f"  {word(event.outcome)}  {first}", *others)]
        if event.outcome == "skipped" and event.case not in self._begun:
            told = self._left_out.setdefault(event.case, [])
            told += [(event.message, line) for line in lines]
            return
        self._begun.add(event.case)
        self._print_left_out(event.case)
        for line in lines:
            self._print(event.case, line)
        if event.outcome in _BAD:
            self._explained.add(event.case)
        checks = self._checks.pop((event.case, event.id), [])
        if event.outcome in _BAD or self._volume is Volume.VERBOSE:
            # Of several attempts the last one counts.
            for check in (one for one in checks if one.attempt == event.attempts):
                self._check(event.case, check, event.message)
        if event.outcome in _BAD:
            self._templates(event)

    def _templates(self, event: StepFinished) -> None:
        """What the templates of a step that did not pass came to; the report has those that there is no room for."""
        told = event.facts.get("templates")
        # The step of a plugin may have facts of its own that are called so.
        ours = [one for one in told if _is_template(one)] if isinstance(told, list) else []
        for one in ours[:_TEMPLATES]:
            behind = f", from {one['from']}" if one["from"] else ""
            text = printable(f"{one['at']}: {one['written']} is {one['value']}{behind}")
            first, *others = folded(text, _INDENT + 2, terminal_width())
            for line in (f"{' ' * (_INDENT + 2)}{first}", *others):
                self._print(event.case, line)

    def _print_left_out(self, case: str) -> None:
        """The steps that were skipped before any other, once it is known that the case is not."""
        for _, line in self._left_out.pop(case, ()):
            self._print(case, line)

    def _check(self, case: str, check: CheckFinished, told: str) -> None:
        """What a check says. told: what its step has said, which is the same where the step is that check."""
        others: list[str] = []
        if check.message != told or not told:
            text = f"{printable(check.title or check.check)}: {printable(check.message)}"
            mark = "-" if check.outcome in _BAD else "+"
            first, *others = folded(text.removesuffix(": "), _INDENT + 2, terminal_width())
            self._print(case, f"{' ' * _INDENT}{mark} {first}")
        for line in (*others, *(f"{' ' * (_INDENT + 4)}{kind}" for kind in _kinds(check))):
            self._print(case, line)

    def _print(self, case: str, line: str) -> None:
        if self._held:
            self._waiting.setdefault(case, []).append(line)
        else:
            self._out(line)

    def _out(self, line: str) -> None:
        """One line to stdout, above the bar when both are the same terminal."""
        if self.lost is not None:
            return
        try:
            self._live.write(line)
        except OSError as error:
            # Whoever read our output has gone (`| head`), or its disk is full. The run and its record go on.
            self.lost = error


def _kinds(check: CheckFinished) -> Iterator[str]:
    """The kinds of difference that its message has no room for."""
    if len(check.kinds) <= _KINDS_IN_A_MESSAGE:
        return
    from scenario_runner.evidence.flat import two_sides

    for kind in check.kinds[:_KINDS_LISTED]:
        told = two_sides(kind["expected"], kind["actual"], _SIDE)
        sides = [
            "various" if name in kind["various"] else side
            for name, side in zip(("expected", "actual"), told, strict=True)
        ]
        yield printable(
            f"{kind['count']} x {kind['attribute']}: {sides[0]} became {sides[1]}"[:300]
        )
    if (more := len(check.kinds) - _KINDS_LISTED) > 0:
        yield f"and {amount(more, 'more kind')}, all in run.json"


def _is_template(told: object) -> bool:
    return isinstance(told, Mapping) and {"at", "written", "value", "from"} <= told.keys()


def word(outcome: str) -> str:
    """An outcome in five letters, in its colour."""
    text, colour = _WORDS[outcome]
    return click.style(f"{text:<5}", fg=colour, bold=True)
