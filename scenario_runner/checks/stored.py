"""The check ``stored``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from scenario_runner.amounts import amount
from scenario_runner.api import Check, CheckResult, Selection, StepContext, TargetName
from scenario_runner.api.asking import AGAIN
from scenario_runner.api.sampling import Sample, chosen
from scenario_runner.checks.presence import Presence, expected_images, lacking, presence
from scenario_runner.checks.settling import KEY, PAUSE, await_stored, time_left

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedImage


class Stored(Check):
    """Holds when the PACS reports every instance sent, with the right counts, and no more.

    Looks at every study, series and instance with C-FIND or QIDO-RS; where the site file says that the PACS takes its
    time (``expects: {stored_within}``), again until all is as it should be or that time is over.
    """

    name: ClassVar[str] = "stored"
    example: ClassVar[str] = "stored: {on: pacs}"

    on: TargetName
    """The PACS to ask."""
    what: Selection | None = None
    """What ``generate`` or ``send`` saved, beside which all else may be there that this case sent; by default all that was to be sent or moved to this PACS, and
    where nothing was, all that this case sent anywhere: somebody else has to have forwarded it."""
    sample: Sample | None = None
    """Look for some instances drawn at random, so many that the stated confidence is reached. Then nothing is
    counted, and what else is there is not seen. By default every one is looked for."""
    via: Literal["c-find", "qido"] | None = Field(default=None, json_schema_extra={"x-way": True})
    """How; by default C-FIND where the target has a ``dicom`` service, else QIDO-RS."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Ask level by level. What was refused or never tried counts as missing."""
        images = (
            context.ledger.intended(self.on)
            if self.what is None
            else expected_images(context, self.what, self.on)
        )
        if not images:
            return CheckResult(
                outcome="failed",
                expected="instances sent",
                actual=0,
                message=f"this case sent nothing to '{self.on}' or to anybody, or has deleted it there",
            )
        if self.sample is not None:
            waited = await_stored(context, self.on)
            result = self._sampled(context, self.sample, images)
            return dataclasses.replace(result, message=result.message + waited)
        found, waited = self._found(context, images)
        message = f"all {found.expected} instances found"
        if found.expected == 1:
            message = "the instance was found"
        if found.uncounted:
            message += f"; '{self.on}' does not have NumberOfSeriesRelatedInstances to compare with"
        if found.again:
            message += f"; '{self.on}' {AGAIN}"
        if found.ended_early:
            message += f"; '{self.on}' ends its answers with FE00 before all is told, though nobody cancelled"
        if found.unlisted:
            message += f"; {found.unlisted} found by UID alone: what '{self.on}' lists is a part of what it has"
        if not found.exact:
            message = f"{found.stored} of {amount(found.expected, 'instance')} found"
            first = found.differences[0]
            if not found.missing:
                message += f", but {first.attribute}: {first.actual}, not {first.expected}"
            if found.missing or found.differences.total > 1:
                message += f"; {found.differences.sentence}"
        message += waited
        return CheckResult(
            outcome="passed" if found.exact else "failed",
            expected={"instances": found.expected},
            actual={"instances": found.stored, "differences": found.differences.total},
            message=message,
            differences=found.differences,
        )

    def _found(self, context: StepContext, images: Sequence[PlannedImage]) -> tuple[Presence, str]:
        """What is there, asked again as long as the site file says that it may take; and what was waited for, in words."""
        target, begun, polls = context.target(self.on).by(self.via), monotonic(), 0
        besides: dict[str, set[str]] = {}
        if self.what is not None:
            for one in context.ledger.expected(self.on):
                besides.setdefault(one.image.series.uid, set()).add(one.image.uid)
        while True:
            left = time_left(context, self.on)
            found = presence(target, images, context.deadline, besides)
            polls += 1
            if found.exact or found.foreign or not left:
                break
            context.deadline.sleep(min(PAUSE, left))
        return found, f"; waited {monotonic() - begun:.1f} s ({KEY})" if polls > 1 else ""

    def _sampled(
        self, context: StepContext, sample: Sample, images: Sequence[PlannedImage]
    ) -> CheckResult:
        """One query for each instance of the sample."""
        seed = f"{context.case.seed}/{context.step_id}"
        drawn = chosen(images, sample.size(len(images)), seed, lambda image: image.id)
        missing = lacking(context.target(self.on).by(self.via), drawn, context.deadline)
        there = len(drawn) - missing.total
        message = f"{there} of {amount(len(drawn), 'instance')} found, a sample of {len(images)}"
        message += f"; {missing.sentence}" if missing.total else f"; {sample.words}"
        return CheckResult(
            outcome="failed" if missing.total else "passed",
            expected={"instances": len(drawn)},
            actual={"instances": there, "of": len(images), "differences": missing.total},
            message=message,
            differences=missing,
        )
