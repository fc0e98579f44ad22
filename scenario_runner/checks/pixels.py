"""The check ``pixels``."""

from __future__ import annotations

from typing import ClassVar, Literal

from scenario_runner.amounts import amount, plural
from scenario_runner.api import (
    Check,
    CheckResult,
    Difference,
    Renditions,
    SavedName,
    StepContext,
)
from scenario_runner.checks.frames import compared as compared_frames
from scenario_runner.checks.pairs import Pair, pairs
from scenario_runner.decoding import pixels_of
from scenario_runner.errors import UsageError

_SHOWN = 200


class Pixels(Check):
    """Holds when every retrieved image, or frame, decodes to exactly the pixels that were sent.

    Reports, presentation states and other objects without pixels are passed over, and counted.
    """

    name: ClassVar[str] = "pixels"
    example: ClassVar[str] = "pixels: {of: back, equal: sent}"

    of: SavedName
    """What ``retrieve`` saved, by name or as a template."""
    equal: Literal["sent"] = "sent"
    """Compare with what was sent."""

    def evaluate(self, context: StepContext) -> CheckResult:
        """Decode and compare image by image."""
        value = context.saved(self.of) if isinstance(self.of, str) else self.of
        if isinstance(value, Renditions):
            return self._of_frames(context, value)
        retrieved = context.retrieved(self.of)
        found: list[Difference] = []
        compared = without = 0
        for pair in pairs(context, retrieved, found):
            why = _differ(pair)
            if why is None and "PixelData" not in pair.sent:
                without += 1
                continue
            compared += 1
            if why is not None:
                found.append(
                    Difference(
                        subject=pair.image.id, attribute="PixelData", expected="as sent", actual=why
                    )
                )
        return _verdict("image", compared, found, without)

    def _of_frames(self, context: StepContext, fetched: Renditions) -> CheckResult:
        """The same for frames that came one by one."""
        if not fetched.parts or any(part.frame is None for part in fetched.parts):
            raise UsageError(
                f"'{self.of}' holds no frames", hint="save them with retrieve: {as: frames}"
            )
        found: list[Difference] = []
        frames = 0
        for subject, why in compared_frames(context, fetched):
            frames += 1
            if why:
                found.append(
                    Difference(
                        subject=subject, attribute="PixelData", expected="as sent", actual=why
                    )
                )
        return _verdict("frame", frames, found)


def _verdict(noun: str, compared: int, found: list[Difference], without: int = 0) -> CheckResult:
    """without: objects that have no pixels to compare."""
    holds = compared > 0 and not found
    message = f"{amount(compared, noun)} {'is' if compared == 1 else 'are'} equal"
    if not holds:
        message = "nothing to compare"
    if without:
        message += f"; {without} without pixels, reports and the like"
    if found:
        message = f"{found[0].subject}: {found[0].actual}"
    return CheckResult(
        outcome="passed" if holds else "failed",
        expected="as sent",
        actual={plural(noun): compared, "differences": len(found)}
        | ({"without_pixels": without} if without else {}),
        message=message,
        differences=found[:_SHOWN],
    )


def _differ(pair: Pair) -> str | None:
    """How the two images differ, or None."""
    import numpy as np

    received = pair.received()
    if "PixelData" not in received or "PixelData" not in pair.sent:
        return None if ("PixelData" in received) == ("PixelData" in pair.sent) else "no PixelData"
    same_syntax = received.file_meta.TransferSyntaxUID == pair.sent.file_meta.TransferSyntaxUID
    if same_syntax and received.PixelData == pair.sent.PixelData:
        return None
    try:
        ours, theirs = pixels_of(pair.sent), pixels_of(received)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError) as error:
        return f"cannot be decoded: {error}"
    if ours.shape != theirs.shape:
        return f"size {theirs.shape} instead of {ours.shape}"
    wrong = int(np.count_nonzero(ours != theirs))
    return f"{wrong} of {ours.size} pixel values differ" if wrong else None
