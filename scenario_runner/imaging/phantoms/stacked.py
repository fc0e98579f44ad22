"""Multi-frame images whose frames are what a phantom draws as single images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.errors import PluginError

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame, Frames, Phantom
    from scenario_runner.planning.plan import PlannedSeries


def slices_of(series: PlannedSeries) -> PlannedSeries:
    """The same series with one image for each of its frames, as a phantom is to draw it."""
    return replace(series, image_count=series.image_count * series.frames, frames=1)


def open_stacked(phantom: Phantom, series: PlannedSeries) -> Frames:
    """The frames of a series: image ``i`` has the slices from ``i`` times the frames on."""
    return Stacked(phantom.open(slices_of(series)), series.frames, phantom.name)


class Stacked:
    """Slices put together, (frames, rows, columns)."""

    def __init__(self, slices: Frames, count: int, name: str) -> None:
        self._slices, self._count, self._name = slices, count, name

    def frame(self, index: int) -> Frame:
        """See Frames."""
        drawn = [self._slices.frame(index * self._count + k) for k in range(self._count)]
        if drawn[0].pixels.ndim != 2:
            raise PluginError(
                f"the phantom '{self._name}' draws {drawn[0].pixels.shape}; "
                "frames of a volume are (rows, columns)"
            )
        return replace(drawn[0], pixels=np.stack([one.pixels for one in drawn]))
