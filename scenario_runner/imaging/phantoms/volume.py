"""Volumes cut into slices: drawn from solids, grained by noise that no two slices share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import noise
from scenario_runner.imaging.phantoms.solids import Canvas, Level, Solid
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_POSITIONS = 32
"""Distinct positions along the body; a series of more slices has some with the same anatomy, but
never with the same noise."""


@dataclass(frozen=True, slots=True)
class DrawingLevels:
    """The 256 levels that anatomy is drawn in, for drawing is quick in 8 bits.

    of: a tissue's value to its level. stored: the stored value of each level, int16. background: the level around the
    body.
    """

    of: Level
    stored: NDArray[np.int16]
    background: int


@dataclass(frozen=True, slots=True)
class StoredValues:
    """What stored values mean: their bits, centre and width of their window, slope and intercept (PS3.3 C.11.1)."""

    bits: int
    window: tuple[float, float]
    rescale: tuple[float, float] = (1.0, 0.0)


class VolumeFrames:
    """The slices of one volume. solids: what is cut. sigma: of the noise, in stored values."""

    def __init__(
        self,
        series: PlannedSeries,
        solids: Sequence[Solid],
        levels: DrawingLevels,
        sigma: float,
        meaning: StoredValues,
    ) -> None:
        self._solids, self._levels, self._meaning = solids, levels, meaning
        self._rows, self._columns, self._count = series.rows, series.columns, series.image_count
        self._positions = min(_POSITIONS, series.image_count)
        self._tile = noise(series.seed, series.rows + 61, series.columns + 61, sigma)
        self._drawn: tuple[int, NDArray[np.int16]] | None = None

    def frame(self, index: int) -> Frame:
        """See Frames. Slice 0 is nearest to the feet."""
        base = self._slice(self._position(index))
        top, left = index * 37 % 61, index * 23 % 61
        grain = self._tile[top : top + self._rows, left : left + self._columns]
        return Frame(
            pixels=self.expose(base, grain),
            bits_stored=self._meaning.bits,
            window=self._meaning.window,
            rescale=self._meaning.rescale,
        )

    def expose(self, base: NDArray[np.int16], grain: NDArray[np.int16]) -> NDArray[Any]:
        """The pixels of a slice from its anatomy and its noise."""
        return np.add(base, grain)

    def _position(self, index: int) -> int:
        last = self._count - 1
        return round(index * (self._positions - 1) / last) if last else 0

    def _slice(self, position: int) -> NDArray[np.int16]:
        if self._drawn is None or self._drawn[0] != position:
            last = self._positions - 1
            self._drawn = (position, self._draw(position / last if last else 0.5))
        return self._drawn[1]

    def _draw(self, z: float) -> NDArray[np.int16]:
        image = Image.new("L", (self._columns, self._rows), self._levels.background)
        canvas = Canvas(ImageDraw.Draw(image), self._rows, self._columns)
        for solid in self._solids:
            solid.draw(canvas, z, self._levels.of)
        return np.take(self._levels.stored, _smooth(np.asarray(image)))


def _smooth(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Round off the corners of drawn edges: the mean of each pixel, its right and lower neighbours."""
    smooth = levels.copy()
    smooth[:, :-1] = _mean(levels[:, :-1], levels[:, 1:])
    smooth[:-1] = _mean(smooth[:-1], smooth[1:])
    return smooth


def _mean(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mean of bytes without leaving bytes, which is several times quicker."""
    return (one & other) + ((one ^ other) >> 1)
