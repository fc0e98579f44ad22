"""A third party's plugin for the tests of the engine: a step and a check that do as they are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from scenario_runner.api import (
    Check,
    CheckResult,
    Duration,
    Step,
    StepContext,
    StepResult,
    Text,
    hookimpl,
)
from scenario_runner.errors import MachineError


class Probe(Step):
    """Ends as it is told, and notes in a file that it ran."""

    name: ClassVar[str] = "probe"

    ends: Literal["passed", "failed", "error", "defect", "returned error"] = "passed"
    value: Any = None
    """What save_as gives."""
    takes: Duration = 0.0
    """How long it pretends to work."""
    note: Text | None = None
    """A file to append a line to, outside of the run."""
    passes_at: int = 0
    """The attempt from which it passes whatever `ends` says; counted in `note`."""

    def run(self, context: StepContext) -> StepResult:
        context.capture({"half": "done"})
        runs = 0
        if self.note is not None:
            path = Path(self.note)
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{context.step_id}\n")
            runs = len(path.read_text(encoding="utf-8").splitlines())
        context.deadline.sleep(self.takes)
        if self.passes_at and runs >= self.passes_at:
            return StepResult(message=f"passed at run {runs}", value=self.value)
        if self.ends == "error":
            raise MachineError("the probe could not")
        if self.ends == "returned error":
            return StepResult(outcome="error")  # type: ignore[arg-type]
        if self.ends == "defect":
            raise ZeroDivisionError("a bug of a third party")
        return StepResult(outcome=self.ends, message=self.ends, value=self.value)


class Always(Check):
    """Holds or not, as it is told."""

    name: ClassVar[str] = "always"

    holds: bool

    def evaluate(self, context: StepContext) -> CheckResult:
        return CheckResult(
            outcome="passed" if self.holds else "failed", expected=True, actual=self.holds
        )


@hookimpl
def fabricate_steps() -> list[type[Step]]:
    return [Probe]


@hookimpl
def fabricate_checks() -> list[type[Check]]:
    return [Always]
