"""Mammograms: breast by side and view, with ducts, glandular tissue, nipple and chest muscle."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scenario_runner.imaging.modules.mammography import side_and_view
from scenario_runner.imaging.phantoms.noise import uniform
from scenario_runner.imaging.phantoms.projection import (
    EDGE,
    INDIVIDUALS,
    Film,
    Plane,
    Point,
    ProjectionFrames,
    curve,
)

if TYPE_CHECKING:
    from scenario_runner.imaging.api import Frame
    from scenario_runner.planning.plan import PlannedSeries


class BreastFrames:
    """One projection for each of the views that the series' images show."""

    def __init__(self, series: PlannedSeries, name: str) -> None:  # noqa: ARG002
        self._series = series
        self._drawn: dict[str, ProjectionFrames] = {}

    def frame(self, index: int) -> Frame:
        """See Frames."""
        key = " ".join(side_and_view(self._series, index))
        if key not in self._drawn:
            self._drawn[key] = ProjectionFrames(
                self._series,
                paint,
                key,
                window=(1900.0, 3000.0),
                anchor=1 if key.startswith("R") else 0,
            )
        return self._drawn[key].frame(0)


def paint(individual: int, view: str) -> Plane:
    """A breast whose chest wall is on the right (R) or left (L). view: ``R CC``, ``L MLO``, ..."""
    side, _, projection = view.partition(" ")
    random = Random(f"{individual % INDIVIDUALS} {view}")  # noqa: S311 - anatomy is no secret
    plane = _oblique(random) if projection != "CC" else _craniocaudal(random)
    return plane if side == "R" else np.ascontiguousarray(plane[:, ::-1])


def _craniocaudal(random: Random) -> Plane:
    reach = random.uniform(0.66, 0.82)
    outline = curve(
        (0.86, -0.82), (0.45, -0.74), (0.02 - reach * 0.25, -0.52), (0.36 - reach, -0.16),
        (0.3 - reach, 0.0), (0.36 - reach, 0.2), (0.04 - reach * 0.25, 0.54), (0.45, 0.72),
        (0.86, 0.8),
    )  # fmt: skip
    return _breast(random, outline, nipple=(0.3 - reach, 0.02), muscle=None)


def _oblique(random: Random) -> Plane:
    reach = random.uniform(0.66, 0.8)
    outline = curve(
        (0.86, -1.2), (0.3, -1.05), (0.2, -0.6), (0.0, -0.3), (0.34 - reach, 0.05),
        (0.26 - reach, 0.24), (0.33 - reach, 0.42), (0.05, 0.68), (0.5, 0.86), (0.86, 0.95),
    )  # fmt: skip
    muscle = [(1.2, 0.6), (0.95, 0.35), (0.62, -0.3), (0.34, -1.2), (1.2, -1.2)]
    return _breast(random, outline, nipple=(0.26 - reach, 0.24), muscle=muscle)


def _breast(
    random: Random, outline: list[Point], nipple: Point, muscle: list[Point] | None
) -> Plane:
    film = Film()
    # The detector's edge cuts the breast off at the chest wall.
    outline = [*outline, (1.2, outline[-1][1]), (1.2, outline[0][1])]
    inside = film.shape(outline, 0.006)
    deep = film.shape(outline, 0.1)
    plane = inside * (0.2 + 0.22 * np.clip((deep - 0.45) * 2, 0, 1))
    skin = np.clip(inside - film.shape(_shrunk(outline, nipple), 0.006), 0, 1)
    plane = plane + 0.1 * skin
    # Glandular tissue fans out from behind the nipple.
    fan = film.ellipse((nipple[0] + 0.5, nipple[1]), (0.5, 0.44), power=0.8)
    clouds = _clouds(random)
    plane = plane + inside * fan * (0.1 + 0.42 * np.clip(clouds - 0.3, 0, 1))
    plane = plane + 0.14 * inside * np.clip(clouds - 0.5, 0, 1)
    strands: list[tuple[list[Point], float]] = []
    for _ in range(34):
        angle = random.uniform(-0.85, 0.85)
        length = random.uniform(0.4, 1.05)
        end = (nipple[0] + np.cos(angle) * length, nipple[1] + np.sin(angle) * length)
        middle = (
            (nipple[0] + end[0]) / 2 + random.uniform(-0.03, 0.03),
            (nipple[1] + end[1]) / 2 + random.uniform(-0.06, 0.06),
        )
        strands.append((curve(nipple, middle, end, steps=8), random.uniform(0.004, 0.011)))
    plane = plane + 0.09 * inside * film.strokes(strands, 0.004)
    vessels = [
        (
            curve(*((x, random.uniform(-0.5, 0.6) * (0.3 + x)) for x in (0.85, 0.5, 0.2, -0.1))),
            0.012,
        )
        for _ in range(3)
    ]
    plane = plane + 0.06 * inside * film.strokes(vessels, 0.005)
    plane = plane + 0.2 * film.ellipse((nipple[0] - 0.005, nipple[1]), (0.03, 0.045))
    if muscle:
        band = film.shape(muscle, 0.012)
        fibres = film.strokes(
            [([(0.36 + 0.09 * k, -1.2), (0.64 + 0.09 * k, 0.3)], 0.02) for k in range(6)],
            0.01,
        )
        plane = plane + band * inside * (0.26 + 0.04 * fibres)
    specks = [
        (random.uniform(nipple[0] + 0.2, 0.6), nipple[1] + random.uniform(-0.3, 0.3))
        for _ in range(5)
    ]
    for speck in specks:
        plane = plane + 0.22 * inside * film.ellipse(speck, (0.006, 0.006))
    return np.asarray(plane, dtype=np.float32)


def _shrunk(outline: list[Point], nipple: Point) -> list[Point]:
    """The outline a skin's thickness further in."""
    center = (0.75, nipple[1])
    return [
        (x + (center[0] - x) * 0.018, y + (center[1] - y) * 0.018) if x < 0.95 else (x, y)
        for x, y in outline
    ]


def _clouds(random: Random) -> Plane:
    """Tissue texture: random grids of several sizes, enlarged smoothly and added, 0 to 1."""
    total = np.zeros((EDGE, EDGE), np.float32)
    weight = 0.0
    for cells, share in ((7, 1.0), (15, 0.8), (34, 0.6), (80, 0.4), (190, 0.22)):
        grid = uniform(random.getrandbits(60), cells * cells).reshape(cells, cells)
        image = Image.fromarray(grid).resize((EDGE, EDGE), Image.Resampling.BICUBIC)
        total += np.float32(share) * np.asarray(image)
        weight += share
    spread = (total / np.float32(weight) - np.float32(0.5)) * np.float32(2.2) + np.float32(0.5)
    return np.asarray(np.clip(spread, 0, 1), dtype=np.float32)
