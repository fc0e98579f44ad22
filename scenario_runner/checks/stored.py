"""The check ``stored``."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Check, CheckResult, Selection, StepContext, TargetName
from scenario_runner.checks.presence import expected_images, presence

_SHOWN = 100


class Stored(Check):
    """Holds when the PACS reports every instance sent, with the right counts, and no more.

    Looks at every study, series and instance with C-FIND or QIDO-RS.
    """

    name: ClassVar[str] = "stored"
    example: ClassVar[str] = "stored: {on: pacs}"

    on: TargetName
    """The PACS to ask."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved; by default all that was to be sent to this PACS."""
    via: Literal["c-find", "qido"] | None = Field(default=None, json_schema_extra={"x-way": True})
    """How; by default C-FIND where the target has a ``dicom`` service, else QIDO-RS."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Ask level by level. What was refused or never tried counts as missing."""
        series = (
            iter(context.ledger.intended(self.on))
            if self.what is None
            else context.selection(self.what)
        )
        images = expected_images(series)
        if not images:
            return CheckResult(
                outcome="failed",
                expected="instances sent",
                actual=0,
                message=f"this case sent nothing to '{self.on}', or has deleted it; "
                "to look for what went elsewhere, give 'what'",
            )
        found = presence(context.target(self.on).by(self.via), images, context.deadline)
        message = f"all {found.expected} instances found"
        if found.expected == 1:
            message = "the instance was found"
        if not found.exact:
            message = f"{found.stored} of {amount(found.expected, 'instance')} found"
            if not found.missing:
                first = found.differences[0]
                message += f", but {first.attribute}: {first.actual}, not {first.expected}"
            if (more := len(found.differences) - _SHOWN) > 0:
                message += f"; {amount(more, 'more difference')}"
        return CheckResult(
            outcome="passed" if found.exact else "failed",
            expected={"instances": found.expected},
            actual={"instances": found.stored, "differences": len(found.differences)},
            message=message,
            differences=found.differences[:_SHOWN],
        )
