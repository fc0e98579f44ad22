"""Breast tomosynthesis: the layers of a breast, each with its own depth in focus."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.modules.mammography import side_and_view
from scenario_runner.imaging.phantoms.breast import BreastFrames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedSeries

_SWEEP = 0.02
"""How far what is a whole thickness out of focus is smeared, as a share of the rows."""
_FOCUS_MM = 0.16
"""Radius of the nodule that only the middle layers show, as a share of the columns."""


class TomosynthesisFrames:
    """Layers of the projection that the series' views would show.

    The tube moves along the rows' normal, so what is out of focus is smeared along the columns; the
    projection itself is in focus in the middle, where a nodule stands that fades towards both ends.
    """

    def __init__(self, series: PlannedSeries, name: str) -> None:
        self._series = series
        self._projections = BreastFrames(series, name)

    def frame(self, index: int) -> Frame:
        """See Frames; all layers of image ``index``."""
        projection = self._projections.frame(index)
        side, _ = side_and_view(self._series, index)
        layers = [self._layer(projection.pixels, side, k) for k in range(self._series.frames)]
        return replace(projection, pixels=np.stack(layers))

    def _layer(self, flat: NDArray[np.uint16], side: str, number: int) -> NDArray[np.uint16]:
        count = self._series.frames
        deep = (number - (count - 1) / 2) / max(1, count)
        shift = round(abs(deep) * _SWEEP * flat.shape[0])
        smeared = (_moved(flat, shift) + _moved(flat, -shift) + flat.astype(np.float32)) / 3
        nodule = self._nodule(flat.shape, side) * np.float32(600 * max(0.0, 1 - 4 * abs(deep)))
        return np.clip(smeared + nodule, 0, 4095).astype(np.uint16)

    def _nodule(self, shape: tuple[int, ...], side: str) -> NDArray[np.float32]:
        rows, columns = shape
        x = columns * (0.62 if side == "R" else 0.38)
        y = rows * (0.45 + 0.02 * (self._series.seed % 6))
        radius = _FOCUS_MM * columns / 4
        dy, dx = np.ogrid[:rows, :columns]
        inside = 1 - ((dx - x) ** 2 + (dy - y) ** 2) / radius**2
        return np.sqrt(np.maximum(inside, 0)).astype(np.float32)


def _moved(flat: NDArray[np.uint16], by: int) -> NDArray[np.float32]:
    """The picture moved along its columns, its edge repeated."""
    padded = np.pad(flat, ((max(by, 0), max(-by, 0)), (0, 0)), mode="edge")
    start = max(-by, 0)
    return padded[start : start + flat.shape[0]].astype(np.float32)
