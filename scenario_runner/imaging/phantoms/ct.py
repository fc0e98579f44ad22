"""CT volumes: abdomen, chest, head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.phantoms import bodies
from scenario_runner.imaging.phantoms.volume import DrawingLevels, StoredValues, VolumeFrames

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries

_INTERCEPT = -1024

_HU = np.interp(np.arange(256), [0, 60, 200, 255], [-1000, -150, 130, 1400]).astype(np.int16)
"""CT numbers of the drawing levels: 2 HU a step in soft tissue, coarser elsewhere."""

_WINDOWS = {"head": (40.0, 80.0), "chest": (40.0, 400.0), "abdomen": (60.0, 400.0)}
_SIGMA = {"head": 4.0, "chest": 14.0, "abdomen": 12.0}


def level(hounsfield: float) -> int:
    """The drawing level of a CT number in HU."""
    return int(np.searchsorted(_HU, hounsfield))


class CtFrames(VolumeFrames):
    """A volume of stored values, signed 16 bits; HU = stored - 1024. The study's seed makes the body."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        region = name.partition("/")[2]
        super().__init__(
            series,
            bodies.ct(region, series.study.seed),
            DrawingLevels(level, (_HU - _INTERCEPT).astype(np.int16), background=level(-1000)),
            _SIGMA[region],
            StoredValues(16, _WINDOWS[region], rescale=(1.0, float(_INTERCEPT))),
        )
