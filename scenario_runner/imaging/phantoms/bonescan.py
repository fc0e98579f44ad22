"""A whole-body bone scan: counts in a skeleton, from the front and from behind."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import uniform
from scenario_runner.imaging.phantoms.projection import EDGE, Film, Plane, Point, curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_PEAK = 90.0
"""Counts a pixel in the hottest place."""


class BoneScanFrames:
    """Two frames of counts, or one where the series asks for one."""

    def __init__(self, series: PlannedSeries, name: str) -> None:  # noqa: ARG002
        self._series = series
        seed = series.seed
        self._planes = [
            _skeleton(Random(seed), behind)  # noqa: S311 - anatomy is no secret
            for behind in (False, True)
        ]

    def frame(self, index: int) -> Frame:
        """See Frames. Counts differ from image to image, as they do in a patient."""
        count = self._series.frames
        views = [self._counts(number, index * count + number) for number in range(count)]
        pixels = np.stack(views) if count > 1 else views[0]
        # Bone scans are read inverted, but stored as they were counted.
        return Frame(pixels=pixels, bits_stored=16, window=(_PEAK * 0.35, _PEAK * 0.7))

    def _counts(self, view: int, draw: int) -> NDArray[np.uint16]:
        rows, columns = self._series.rows, self._series.columns
        width = EDGE * min(1.0, columns / rows)
        box = ((EDGE - width) / 2, 0, (EDGE + width) / 2, EDGE)
        image = Image.fromarray(self._planes[view % 2])
        mean = np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR, box=box)) * _PEAK
        # Counting noise: nearly Poisson, by its variance.
        raw = uniform(self._series.seed * 31 + draw, rows * columns * 2).reshape(2, rows, columns)
        noise = (raw[0] + raw[1] - np.float32(1)) * np.float32(math.sqrt(6))
        counts = mean + noise * np.sqrt(np.maximum(mean, 0))
        return np.asarray(np.clip(np.rint(counts), 0, 65535), np.uint16)


def _skeleton(random: Random, behind: bool) -> Plane:
    """Uptake of a standing figure; x is scaled for an image four times as high as wide."""
    film = Film()
    side = -1 if behind else 1

    def both(points: list[Point], width: float) -> list[tuple[list[Point], float]]:
        line = curve(*points, steps=8)
        return [(line, width), ([(-x, y) for x, y in line], width)]

    bones: list[tuple[list[Point], float]] = [
        (curve((0, -0.78), (0, -0.5), (0, -0.2), (0, -0.02), steps=8), 0.034),
        *both([(0.01, -0.68), (0.06, -0.7), (0.115, -0.685)], 0.016),
        *both([(0.125, -0.67), (0.145, -0.5), (0.15, -0.36)], 0.024),
        *both([(0.15, -0.35), (0.165, -0.2), (0.175, -0.08)], 0.018),
        *both([(0.06, 0.02), (0.085, 0.2), (0.075, 0.42)], 0.034),
        *both([(0.075, 0.44), (0.08, 0.65), (0.075, 0.84)], 0.026),
        *both([(0.075, 0.86), (0.085, 0.93)], 0.024),
        *both([(0.015, 0.0), (0.06, -0.05), (0.095, -0.03), (0.085, 0.03)], 0.026),
    ]
    ribs: list[tuple[list[Point], float]] = []
    for k in range(9):
        y = -0.65 + k * 0.042
        reach = 0.06 + 0.045 * math.sin(min(1, (k + 1) / 6) * math.pi / 2)
        ribs += both([(0.012, y), (reach * 0.7, y - 0.008), (reach, y + 0.035)], 0.009)
    skull = film.ellipse((0, -0.87), (0.058, 0.082))
    rim = np.clip(skull - 0.6 * film.ellipse((0, -0.87), (0.048, 0.07)), 0, 1)
    body = film.strokes(
        [
            (curve((0, -0.8), (0, -0.4), (0, 0.0), steps=8), 0.17),
            *both([(0.11, -0.66), (0.15, -0.4), (0.175, -0.08)], 0.05),
            *both([(0.06, 0.0), (0.08, 0.4), (0.078, 0.9)], 0.085),
        ],
        0.02,
    )
    joints = sum(
        film.ellipse((s * x, y), (r, r), power=0.4)
        for s in (-1, 1)
        for x, y, r in ((0.125, -0.68, 0.02), (0.15, -0.355, 0.014), (0.178, -0.05, 0.02),
                        (0.07, 0.0, 0.024), (0.076, 0.43, 0.026), (0.08, 0.87, 0.02))
    )  # fmt: skip
    spine = film.strokes(
        [([(-0.012, y), (0.012, y)], 0.016) for y in np.arange(-0.76, 0, 0.031)], 0.004
    )
    front = 0.5 if behind else 1.0
    plane = (
        0.06 * body + 0.3 * film.strokes(bones, 0.007) + 0.26 * film.strokes(ribs, 0.004)
        + 0.34 * rim + 0.24 * joints + (0.36 if behind else 0.16) * spine
        + 0.34 * front * film.stroke([(0, -0.66), (0, -0.52)], 0.018, 0.005)
        + 0.7 * front * film.ellipse((0, 0.015), (0.024, 0.018))
        + (0.3 if behind else 0.08)
        * (film.ellipse((0.045, -0.28), (0.018, 0.03)) + film.ellipse((-0.045, -0.28), (0.018, 0.03)))
    )  # fmt: skip
    for _ in range(random.randrange(3)):
        x, y = random.uniform(-0.09, 0.09), random.uniform(-0.6, 0.1)
        plane = plane + 0.5 * film.ellipse((side * x, y), (0.012, 0.012))
    injection = film.ellipse((side * 0.152, -0.36), (0.008, 0.012))
    return np.asarray(np.clip(plane + 0.7 * injection, 0, 1), np.float32)
