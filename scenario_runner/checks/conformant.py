"""The check ``conformant``."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from scenario_runner.api import Check, CheckResult, Instances, StepContext, ValidatorName
from scenario_runner.checks.expected_findings import Finds, disagreements, wanted
from scenario_runner.checks.judging import judge
from scenario_runner.fields.types import DEFAULT_VALIDATOR


class Conformant(Check):
    """Holds when no validator reports an error about the instances."""

    name: ClassVar[str] = "conformant"
    example: ClassVar[str] = "conformant: {of: back, with: [standard, dciodvfy]}"
    looks_inside: ClassVar[bool] = False

    of: Instances = None
    """What ``retrieve`` saved, by name or as a template; by default what was generated."""
    with_: list[ValidatorName] = Field(default=[DEFAULT_VALIDATOR], alias="with", min_length=1)
    """Validators by name: ``standard`` is built in, ``dciodvfy`` must be installed."""
    finds: Finds = None
    """For a negative test: ``faults`` for those of the plan, or a list of rules; then the check holds when each is found, and no other error."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Judge each file, then all together; an absent validator is an error, not a pass."""
        judgement = judge(context, self.of, self.with_, planned=self.finds == "faults")
        wrong = disagreements(judgement, self.finds)
        message = judgement.checked
        if wrong.total:
            message = f"{judgement.checked}: {wrong.sentence}"
        return CheckResult(
            outcome="passed" if judgement.instances and not wrong.total else "failed",
            expected=wanted(self.finds),
            actual={
                "instances": len(judgement.instances),
                "errors": len(judgement.errors()),
                "validators": judgement.validators,
                **({"rules": judgement.rules()} if self.finds else {}),
            },
            message=message,
            differences=wrong,
        )
