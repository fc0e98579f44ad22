"""What a load of whole cases comes to, counted as they end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.api.load_watch import Watch
from scenario_runner.engine.services import CameTo, Job
from scenario_runner.language.loads import Between
from scenario_runner.measuring.measured import Measured
from scenario_runner.planning.matrix import case_id

if TYPE_CHECKING:
    from random import Random

    from scenario_runner.engine.services import CasesLoad
    from scenario_runner.engine.step import Ending
    from scenario_runner.language.loads import CaseLoad

CASE = "case"
"""What one operation of such a load is called."""
OVER = "the load was over"
"""Why a case did not begin that nobody stopped."""
FAILED = ("failed", "error", "interrupted")
_NO_COMBINATION = ("arrival", "row")


class CaseCounts:
    """Counts the cases of one load, and sees whether to begin no more."""

    def __init__(self, given: CasesLoad) -> None:
        self._given = given
        self._measured = Measured(CASE)
        self._outcomes: Counter[str] = Counter()
        self.watch = Watch(given.load)

    def count(
        self, job: Job, ending: Ending, seconds: float, ended: float, late: float | None
    ) -> None:
        """One more. seconds: how long it took. ended: when, since the load began. late: by how much it began too late."""
        self._outcomes[ending.outcome] += 1
        failed = ending.outcome in FAILED
        self._measured.record(ended, seconds, failed=failed, late=late, labels=self._labels(job))
        self.watch.look(ok=not failed, answered=True, late=late, arrival=job.case.arrival)

    def judged(self, job: Job) -> Job:
        """The job that judges the load, with what it came to."""
        facts = {
            "load": self._given.load,
            "seed": self._given.seed,
            "outcomes": dict(self._outcomes),
            "watch": self.watch,
        }
        return replace(job, came_to=CameTo(job.judges, {CASE: self._measured}, facts))

    def _labels(self, job: Job) -> dict[str, str]:
        case, stages = job.case, self.watch.stages
        matrix = {key: value for key, value in case.matrix.items() if key not in _NO_COMBINATION}
        labels = {"combination": case_id("", matrix).strip("[]")} if matrix else {}
        if case.arrival is not None and len(stages) > 1:
            labels["stage"] = stages[case.arrival.stretch].name
        return labels


def thought(load: CaseLoad, dice: Random) -> float:
    """Seconds for which a place pauses after a case."""
    think = load.think
    return dice.uniform(think.min, think.max) if isinstance(think, Between) else think or 0.0
