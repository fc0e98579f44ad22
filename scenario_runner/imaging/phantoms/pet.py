"""PET of chest or abdomen: uptake in the very body that the CT of the same study shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from scenario_runner.imaging.phantoms import bodies
from scenario_runner.imaging.phantoms.solids import Ellipsoid, Solid
from scenario_runner.imaging.phantoms.volume import DrawingLevels, StoredValues, VolumeFrames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_BQML_PER_SUV = 4600.0
_SLOPE = 2.0
"""Bq/ml of one stored value."""

_LEVELS_PER_SUV = 16.0

_UPTAKE = (
    (-2000, -900, 0.0), (-900, -500, 0.45), (-200, 0, 0.35), (0, 20, 0.9), (20, 60, 0.8),
    (60, 80, 1.4), (80, 93, 1.5), (93, 100, 4.5), (100, 115, 2.4), (115, 130, 2.0),
    (130, 145, 8.0), (145, 166, 1.7), (166, 182, 2.2), (182, 188, 5.0), (188, 210, 1.8),
    (210, 400, 1.3), (400, 3000, 0.7),
)  # fmt: skip
"""SUV by CT number (HU, from and up to): liver, spleen, kidneys, heart muscle take up, fat does not."""


def level(hounsfield: float) -> int:
    """The drawing level of the uptake that a tissue of that CT number has."""
    suv = next((uptake for low, high, uptake in _UPTAKE if low <= hounsfield < high), 0.5)
    return min(255, round(suv * _LEVELS_PER_SUV))


class PetFrames(VolumeFrames):
    """Stored values of 16 bits; Bq/ml = stored * slope. The study's seed chooses the body."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        region = name.partition("/")[2]
        scale = _BQML_PER_SUV / _LEVELS_PER_SUV / _SLOPE
        super().__init__(
            series,
            [*bodies.ct(region, series.study.seed), *_lesions(series.study.seed)],
            DrawingLevels(
                level,
                np.minimum(np.arange(256) * scale + 40, 32000).astype(np.int16),
                background=0,
            ),
            90.0,
            StoredValues(16, (_BQML_PER_SUV * 3, _BQML_PER_SUV * 6), rescale=(_SLOPE, 0.0)),
        )

    def _draw(self, z: float) -> NDArray[np.int16]:
        """Blurred as a scanner of 6 mm resolution would."""
        sharp = super()._draw(z)
        small = Image.fromarray(sharp.astype(np.float32))
        size = (max(1, sharp.shape[1] // 3), max(1, sharp.shape[0] // 3))
        blurred = small.resize(size, Image.Resampling.BOX).resize(
            (sharp.shape[1], sharp.shape[0]), Image.Resampling.BICUBIC
        )
        return np.asarray(blurred).astype(np.int16)

    def expose(self, base: NDArray[np.int16], grain: NDArray[np.int16]) -> NDArray[Any]:
        """Noise that grows with uptake; reconstructions are not negative."""
        noisy = np.add(base, grain + ((grain >> 3) * (base >> 10)))
        return np.maximum(noisy, 0, out=noisy).view(np.uint16)


def _lesions(seed: int) -> list[Solid]:
    """One hot spot, so that there is something to find."""
    x = 0.3 if seed % 2 else -0.3
    return [Ellipsoid(value=140, x=x, y=-0.12, rx=0.045, ry=0.04, z=0.55, z_half=0.06)]
