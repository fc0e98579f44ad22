"""The check ``pixels``."""

from __future__ import annotations

from dataclasses import field
from functools import partial
from typing import ClassVar, Literal

from scenario_runner.amounts import amount, plural
from scenario_runner.api import (
    Check,
    CheckResult,
    Difference,
    Differences,
    ImagesName,
    Renditions,
    Selection,
    StepContext,
)
from scenario_runner.checks.frames import compared as compared_frames
from scenario_runner.checks.pairs import pairs
from scenario_runner.checks.pixel_difference import PixelDifference
from scenario_runner.checks.pixel_pictures import Pictures
from scenario_runner.checks.pixels_beside import differing_pixels, pixel_attribute
from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass


class Pixels(Check):
    """Holds when every image, or frame, that was asked for came and decodes to exactly the pixels that were sent.

    *Sent* means sent by this case, to whichever target. What ``retrieve`` asked for has to be there: the
    study, the series or the instances that it named, or without ``match`` all of the case that is stored
    on that target; less than that fails. Reports, presentation states and other objects without pixels are passed over, and counted.

    The largest difference is told with its place: x and y are column and row from 0 at the top left, frames count
    from 1. Of up to six images that differ, three of a series, the report shows what was sent, what was received and the difference.
    """

    name: ClassVar[str] = "pixels"
    example: ClassVar[str] = "pixels: {of: back, equal: sent}"

    of: ImagesName
    """What ``retrieve`` saved, by name or as a template."""
    equal: Literal["sent"] = "sent"
    """Compare with what was sent."""
    what: Selection | None = None
    """Compare these alone, which have to be there whole: what ``generate`` or ``send`` saved; by default
    all that was asked for."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Decode and compare image by image."""
        value = context.saved(self.of) if isinstance(self.of, str) else self.of
        if isinstance(value, Renditions):
            return self._of_frames(context, value)
        retrieved = context.retrieved(self.of)
        count = _Count("image")
        pictures = Pictures(context.ledger.hidden)
        for pair in pairs(context, retrieved, count.found, self.what):
            show = partial(pictures.take, pair.image, pair.sent)
            why = differing_pixels(pair.sent, pair.received(), show)
            if why is None and pixel_attribute(pair.sent) is None:
                count.without += 1
            else:
                count.take(pair.image.id, why)
        return count.verdict(pictures)

    def _of_frames(self, context: StepContext, fetched: Renditions) -> CheckResult:
        """The same for frames that came one by one."""
        if not fetched.parts or any(part.frame is None for part in fetched.parts):
            raise UsageError(
                f"'{self.of}' holds no frames", hint="save them with retrieve: {as: frames}"
            )
        count = _Count("frame")
        pictures = Pictures(context.ledger.hidden)
        for subject, why in compared_frames(context, fetched, count.found, self.what, pictures):
            count.take(subject, why)
        return count.verdict(pictures)


@dataclass(slots=True)
class _Count:
    """What was compared, and what was found."""

    noun: str
    found: Differences = field(default_factory=Differences)
    compared: int = 0
    without: int = 0
    """Objects that have no pixels to compare."""
    values: int = 0
    most: float = 0.0
    where: str = ""
    """Where that was."""

    def take(self, subject: str, why: PixelDifference | None) -> None:
        self.compared += 1
        if why is None:
            return
        self.values = max(self.values, why.values)
        if why.most > self.most:
            self.most, self.where = why.most, f"{subject} at {why.place}"
        self.found.append(
            Difference(
                subject=subject,
                attribute="PixelData",
                expected="as sent",
                actual=str(why),
                kind=why.kind,
            )
        )

    def verdict(self, pictures: Pictures) -> CheckResult:
        holds = self.compared > 0 and not self.found.total
        message = (
            f"{amount(self.compared, self.noun)} {'is' if self.compared == 1 else 'are'} equal"
        )
        if not self.compared:
            message = "nothing to compare"
        if self.without:
            message += f"; {self.without} without pixels, reports and the like"
        if self.found.total:
            message = self.found.sentence
        actual: dict[str, int | float | str] = {
            plural(self.noun): self.compared,
            "differences": self.found.total,
        }
        if self.without:
            actual["without_pixels"] = self.without
        if self.values:
            most = int(self.most) if self.most.is_integer() else self.most
            actual |= {"most_values_differing": self.values, "largest_difference": most}
        if self.where:
            actual["where"] = self.where
        return CheckResult(
            outcome="passed" if holds else "failed",
            expected="as sent",
            actual=actual,
            message=message,
            differences=self.found,
            pictures=pictures.kept,
        )
