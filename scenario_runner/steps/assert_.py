"""The step ``assert``: evaluate checks."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.amounts import amount
from scenario_runner.api import CheckList, Differences, StepContext, StepResult
from scenario_runner.steps.bare_list import BareList


class Assert(BareList):
    """Evaluate a list of checks. All are evaluated; one that fails makes the step fail.

    ``must: true`` on a check stops the case when it fails, ``finally`` excepted.
    """

    name: ClassVar[str] = "assert"
    measures: ClassVar[frozenset[str] | None] = frozenset()
    # Each check renders its own templates, so that one that cannot does not hide the others.
    deferred: ClassVar[frozenset[tuple[str, ...]]] = frozenset({()})
    listed: ClassVar[str] = "checks"
    example: ClassVar[str] = "assert: [stored: {on: pacs}]"

    checks: CheckList

    def _passed(self, count: int) -> StepResult:
        """count: checks that were evaluated; all that were not need what an earlier step did not save."""
        skipped = len(self.checks) - count
        if not count:
            message = f"{amount(skipped, 'check')} skipped: what {'it needs' if skipped == 1 else 'they need'} is not there"
            return StepResult(outcome="skipped", message=message)
        message = f"{amount(count, 'check')} passed"
        return StepResult(message=f"{message}, {skipped} skipped" if skipped else message)

    def run(self, context: StepContext) -> StepResult:
        """Failed when any check failed; the message counts them."""
        results = context.checks(self.checks)
        failed = [result for result in results if result.outcome == "failed"]
        if not failed:
            return self._passed(len(results))
        return StepResult(
            outcome="failed",
            message=f"{len(failed)} of {amount(len(self.checks), 'check')} failed: {failed[0].message}",
            reasons=[
                text
                for result in failed
                for text in (
                    result.message,
                    *(kind.words for kind in Differences.of(result.differences).kinds()),
                )
            ],
        )
