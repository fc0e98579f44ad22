"""The check ``duration``."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.api import Check, CheckResult, StepContext, StepName
from scenario_runner.api import Duration as Seconds
from scenario_runner.checks.compare import verdict


class Duration(Check):
    """Holds when a step took no longer than allowed, all its attempts included."""

    name: ClassVar[str] = "duration"
    example: ClassVar[str] = "duration: {of: send, max: 10s}"
    looks_inside: ClassVar[bool] = False

    of: StepName
    """An earlier step, by its id or what it saves as."""
    max: Seconds
    """500ms, 30s, 2m."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Compare seconds."""
        seconds = context.duration_of(self.of)
        message = f"'{self.of}' took {seconds:.3f} s, more than {self.max:g} s"
        return verdict(seconds <= self.max, {"max_s": self.max}, round(seconds, 3), message)
