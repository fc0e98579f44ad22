"""The step ``pause``."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from scenario_runner.api import Duration, Saved, Step, StepContext, StepResult


class Pause(Step):
    """Wait a fixed time. Prefer ``wait``, which ends as soon as the PACS is ready."""

    name: ClassVar[str] = "pause"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "pause: {for: 2s}"

    for_: Duration = Field(alias="for")
    """How long: 500ms, 30s, 2m."""

    def run(self, context: StepContext) -> StepResult:
        """Sleep; the step's timeout and Ctrl-C still work."""
        context.deadline.sleep(self.for_)
        return StepResult(message=f"waited {self.for_:g} s")
