"""CT volumes: slices drawn from one description of the body, so that they belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms import bodies
from scenario_runner.imaging.phantoms.noise import noise
from scenario_runner.imaging.phantoms.solids import Canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_POSITIONS = 32
"""Distinct positions along the body; a series of more slices has some with the same anatomy, but
never with the same noise."""

_INTERCEPT = -1024

_HU = np.interp(np.arange(256), [0, 60, 200, 255], [-1000, -150, 130, 1400]).astype(np.int16)
"""Slices are drawn in 8 bits, where Pillow is quick: 2 HU a step in soft tissue, coarser elsewhere."""

_WINDOWS = {"head": (40.0, 80.0), "chest": (40.0, 400.0), "abdomen": (60.0, 400.0)}
_SIGMA = {"head": 4.0, "chest": 14.0, "abdomen": 12.0}


def level(hounsfield: float) -> int:
    """The drawing level of a CT number in HU."""
    return int(np.searchsorted(_HU, hounsfield))


class CtFrames:
    """A volume of stored values, signed 16 bits; HU = stored - 1024."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        self._region = name.partition("/")[2]
        self._series = series
        self._shape = (series.rows, series.columns)
        self._positions = min(_POSITIONS, series.image_count)
        self._stored = (_HU - _INTERCEPT).astype(np.int16)
        self._solids = bodies.ct(self._region, series.seed)
        self._tile = noise(series.seed, series.rows + 61, series.columns + 61, _SIGMA[self._region])
        self._drawn: tuple[int, NDArray[np.int16]] | None = None

    def frame(self, index: int) -> Frame:
        """See Frames. Slice 0 is nearest to the feet."""
        base = self._slice(self._position(index))
        shift = index * 37 % 61, index * 23 % 61
        rows, columns = self._shape
        pixels = np.add(base, self._tile[shift[0] : shift[0] + rows, shift[1] : shift[1] + columns])
        return Frame(
            pixels=pixels,
            bits_stored=16,
            window=_WINDOWS[self._region],
            rescale=(1.0, float(_INTERCEPT)),
        )

    def _position(self, index: int) -> int:
        last = self._series.image_count - 1
        return round(index * (self._positions - 1) / last) if last else self._positions // 2

    def _slice(self, position: int) -> NDArray[np.int16]:
        if self._drawn is None or self._drawn[0] != position:
            count = self._positions
            z = position / (count - 1) if count > 1 else 0.5
            self._drawn = (position, self._draw(z))
        return self._drawn[1]

    def _draw(self, z: float) -> NDArray[np.int16]:
        rows, columns = self._shape
        image = Image.new("L", (columns, rows), level(-1000))
        canvas = Canvas(ImageDraw.Draw(image), rows, columns)
        for solid in self._solids:
            solid.draw(canvas, z, level)
        return np.take(self._stored, _smooth(np.asarray(image)))


def _smooth(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Round off the corners of drawn edges: the mean of each pixel, its right and lower neighbours."""
    smooth = levels.copy()
    smooth[:, :-1] = _mean(levels[:, :-1], levels[:, 1:])
    smooth[:-1] = _mean(smooth[:-1], smooth[1:])
    return smooth


def _mean(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of bytes without leaving bytes, which is several times quicker."""
    return (one & other) + ((one ^ other) >> 1)
