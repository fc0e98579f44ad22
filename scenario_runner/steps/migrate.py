"""The step ``migrate``: the check of that name as a step of its own, with its time and its progress."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.api import Differences, Saved, Step, StepContext, StepResult
from scenario_runner.checks.migrate import Migration


class Migrate(Migration, Step):
    """Compare the studies of one PACS with another's after a migration.

    The same as the check ``migrate``, which it evaluates and which says when it fails. ``save_as`` gives ``{on_both,
    missing, extra, compared, different, instances, differences}``, and ``repeated`` when one side has studies more often.
    """

    name: ClassVar[str] = "migrate"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "migrate: {from: archive, to: pacs}"

    def run(self, context: StepContext) -> StepResult:
        """Failed when the check fails."""
        parameters = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        [result] = context.checks([{self.name: parameters}])
        return StepResult(
            outcome=result.outcome,
            message=result.message,
            value=result.actual,
            facts=result.actual if isinstance(result.actual, dict) else {},
            reasons=[kind.words for kind in Differences.of(result.differences).kinds()],
        )
