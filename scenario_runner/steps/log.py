"""The step ``log``."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.api import Step, StepContext, StepResult, Text


class Log(Step):
    """Say something to the reader of the report."""

    name: ClassVar[str] = "log"
    example: ClassVar[str] = 'log: {message: "Accession {{ studies[0].accession }}"}'

    message: Text
    """What to say; templates show values."""

    def run(self, context: StepContext) -> StepResult:
        """Put the message into the record."""
        context.log(self.message)
        return StepResult(message=self.message)
