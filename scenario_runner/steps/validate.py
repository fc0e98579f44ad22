"""The step ``validate``: what validators say about instances."""

from __future__ import annotations

import json
from typing import ClassVar

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Instances, Saved, Step, StepContext, StepResult, ValidatorName
from scenario_runner.checks.expected_findings import Finds, disagreements
from scenario_runner.checks.judging import Judgement, finding_facts, judge
from scenario_runner.fields.types import DEFAULT_VALIDATOR

_SHOWN = 50
_SAVED = 5_000


class Validate(Step):
    """Judge instances by our own rules and the programs of other makers.

    Each instance is judged by itself, then all together. Fails when a validator reports an error; a
    validator that is not installed is an error, never a pass. Every validator is named with its
    version, and all findings are kept as evidence. ``save_as`` gives the findings, a list of
    ``{instance, severity, rule, attribute, message, section, validator}``.
    """

    name: ClassVar[str] = "validate"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "validate: {what: generated, with: [standard, dciodvfy]}"

    what: Instances = None
    """``generated``, ``imported``, ``all``, or what ``generate``, ``import``, ``send`` or ``retrieve`` saved; by default what was generated."""
    with_: list[ValidatorName] = Field(default=[DEFAULT_VALIDATOR], alias="with", min_length=1)
    """Validators by name: ``standard`` is built in, ``dciodvfy`` must be installed."""
    finds: Finds = None
    """For a negative test: ``faults`` for those of the plan, or a list of rules; then the step passes when each is found, and no other error."""

    def run(self, context: StepContext) -> StepResult:
        """Judge, keep everything that was said, and hold it against what was to be found."""
        judgement = judge(context, self.what, self.with_, planned=self.finds == "faults")
        findings = [finding_facts(name, found) for name, found in judgement.all()]
        if findings:
            context.attach(
                "findings.json",
                json.dumps(findings, ensure_ascii=False, indent=1).encode(),
                media_type="application/json",
                title="What the validators found",
            )
        wrong = disagreements(judgement, self.finds)
        message = _message(judgement, self.finds)
        if wrong:
            first = wrong[0]
            message += (
                f"; {len(wrong)} not as {'they should be' if self.finds is None else 'planned'}, "
                f"first: {' '.join(filter(None, (first.subject, first.attribute)))} {first.actual}"
            )
        if not judgement.instances:
            message = "there was nothing to validate"
        return StepResult(
            outcome="passed" if judgement.instances and not wrong else "failed",
            message=message,
            value=findings[:_SAVED],
            facts={
                "instances": len(judgement.instances),
                "errors": len(judgement.errors()),
                "warnings": len(findings) - len(judgement.errors()),
                "validators": judgement.validators,
                "rules": judgement.rules(),
                "findings": findings[:_SHOWN],
                **(
                    {
                        "not_as_planned": [
                            {
                                "instance": one.subject,
                                "attribute": one.attribute,
                                "expected": one.expected,
                                "actual": one.actual,
                            }
                            for one in wrong[:_SHOWN]
                        ]
                    }
                    if wrong and self.finds
                    else {}
                ),
            },
        )


def _message(judgement: Judgement, finds: Finds) -> str:
    errors = len(judgement.errors())
    said = amount(errors, "error") if errors else "no error"
    planned = " as planned" if finds and errors else ""
    return f"{judgement.checked}: {said}{planned}"
