"""Many runs of the same cases: which are flaky, which newly fail, which became slow."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from scenario_runner.errors import MachineError, UsageError, of_the_machine
from scenario_runner.evidence.fold import record_from_events
from scenario_runner.evidence.log import read_events
from scenario_runner.evidence.write import EVENTS
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from scenario_runner.events import Outcome
    from scenario_runner.evidence.record import RunRecord

_BAD = ("failed", "error")
_FEWEST = 3
"""Runs before one is said to be slow, and turns before a case is flaky."""
_FLOOR_S = 0.5


@dataclass(frozen=True, slots=True)
class Past:
    """One case in one run."""

    run: str
    started: str
    outcome: Outcome
    duration_s: float


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """One case in all runs, the oldest first."""

    id: str
    past: Sequence[Past]

    @property
    def judged(self) -> list[Past]:
        """Those that came to an end."""
        return [one for one in self.past if one.outcome in ("passed", *_BAD)]

    @property
    def turns(self) -> int:
        """How often it went from passing to not passing, or back."""
        passed = [one.outcome == "passed" for one in self.judged]
        return sum(first != then for first, then in pairwise(passed))

    @property
    def flaky(self) -> bool:
        """Whether it went over and back and over: three turns at least."""
        return self.turns >= _FEWEST

    @property
    def newly_failing(self) -> bool:
        """Whether it does not pass any more, and did the time before."""
        judged = self.judged
        return len(judged) > 1 and judged[-1].outcome in _BAD and judged[-2].outcome == "passed"

    @property
    def usual_s(self) -> float:
        """What it took when it passed, but for the last time: the median, in seconds; 0 when unknown."""
        times = [one.duration_s for one in self.judged[:-1] if one.outcome == "passed"]
        return median(times) if times else 0.0

    def slow(self, noise: float) -> bool:
        """Whether its last, passing, run took longer than usual by that fraction, and half a second."""
        passing = [one for one in self.judged[:-1] if one.outcome == "passed"]
        if len(passing) < _FEWEST or self.judged[-1].outcome != "passed":
            return False
        last, usual = self.judged[-1].duration_s, self.usual_s
        return last > usual * (1 + noise) and last > usual + _FLOOR_S


@dataclass(frozen=True, slots=True)
class History:
    """All runs of a folder, the oldest first, and every case in them."""

    runs: list[RunRecord]
    cases: list[CaseHistory]
    unread: list[str]
    """Folders that look like runs and cannot be read, with why."""


def run_folders(folder: Path) -> list[Path]:
    """The run folders directly below a folder, by name, each once: a link such as ``latest`` to one of them is no other run.

    Raises UsageError, MachineError.
    """
    if not folder.is_dir():
        raise UsageError(f"'{folder}' is no folder", hint="name the folder that runs lie in: runs")
    try:
        found = [one for one in sorted(folder.iterdir()) if (one / EVENTS).is_file()]
        # A folder itself comes before what leads to it.
        found.sort(key=lambda one: one.is_symlink())
        return sorted({one.resolve(): one for one in reversed(found)}.values())
    except OSError as error:
        raise of_the_machine(f"cannot read '{folder}'", error) from error


def without_plan(folder: Path) -> RunRecord:
    """The record of a run but for its patients, which a look at many runs has no use for."""
    return record_from_events(read_events(folder / EVENTS), run_id=folder.resolve().name)


def history(folders: Iterable[Path]) -> History:
    """Read runs, each once however many copies there are, and sort them by when they started."""
    read: dict[tuple[str, str | None], RunRecord] = {}
    unread = []
    for folder in folders:
        try:
            run = without_plan(folder)
        except MachineError as error:
            unread.append(f"{folder.name}: {error.message}")
            continue
        # A copy of a run is no other one; of two that was taken before its end says less.
        before = read.setdefault((run.id, run.started), run)
        if before.finished is None:
            read[run.id, run.started] = run
    runs = [*read.values()]
    runs.sort(key=lambda run: (run.started or "", run.id))
    past: dict[str, list[Past]] = {}
    for run in runs:
        for case in run.cases:
            one = Past(run.id, case.started or run.started or "", case.outcome, case.duration_s)
            past.setdefault(case.id, []).append(one)
    return History(runs, [CaseHistory(id_, each) for id_, each in past.items()], unread)
