"""The window of a series follows the slope and intercept that a scenario gives its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.showing.window import first_number

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydicom import Dataset

_RESCALED: Final = frozenset({"RescaleSlope", "RescaleIntercept"})
_WINDOWED: Final = frozenset({"WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"})


@dataclass(frozen=True, slots=True)
class Rescale:
    """What stored values mean (PS3.3 C.11.1.1.2): stored * slope + intercept."""

    slope: float
    intercept: float

    @classmethod
    def of(cls, dataset: Dataset) -> Rescale:
        """That of an image; stored values mean themselves where it says nothing."""
        slope = first_number(dataset.get("RescaleSlope"))
        return cls(
            1 if slope is None else slope, first_number(dataset.get("RescaleIntercept")) or 0
        )


def follow(
    dataset: Dataset, usual: Rescale, given: frozenset[str], raw: Collection[str] = ()
) -> None:
    """Move a linear window from where ``usual`` put it to where the rescale of the image now puts it.

    given: keywords that the scenario decides; a window among them stays. raw: which of them it writes
    as bytes, from which nothing follows. The formula of a linear
    window (C.11.2.1.2.1) is kept exactly, so that the image looks as it did and the width stays above 1.
    """
    if given.isdisjoint(_RESCALED) or _WINDOWED & given or not _RESCALED.isdisjoint(raw):
        return
    now = Rescale.of(dataset)
    center, width = (first_number(dataset.get(word)) for word in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or not usual.slope or not now.slope:
        return
    scale = now.slope / usual.slope
    middle = (center - 0.5 - usual.intercept) * scale + now.intercept
    dataset.WindowCenter = ds(middle + 0.5)
    dataset.WindowWidth = ds((width - 1) * abs(scale) + 1)
