"""Dental radiographs: a few teeth on an intra-oral film, the whole jaws on a panoramic one."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.phantoms.projection import Film, Plane, Point, ProjectionFrames, curve
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


class DentalFrames(ProjectionFrames):
    """``io/teeth`` or ``px/jaws``."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        super().__init__(series, panoramic if name == "px/jaws" else intraoral)


def intraoral(individual: int, view: str) -> Plane:  # noqa: ARG001
    """Three lower molars with roots, canals, a filling, and the bone around them."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    plane = film.shape([(-1.2, 0.0), (1.2, -0.04), (1.2, 1.2), (-1.2, 1.2)], 0.05) * 0.4
    plane = plane + 0.08 * _trabeculae(film, random) * (film.y > 0)
    plane = plane + 0.1 * film.shape([(-1.2, 0.75), (1.2, 0.7), (1.2, 1.2), (-1.2, 1.2)], 0.03)
    for k, x in enumerate((-0.68, 0.0, 0.68)):
        at = (x + random.uniform(-0.02, 0.02), 0.0)
        plane = _drawn(film, plane, _Tooth(at, 1.0, 1, roots=2, filled=k == individual % 3))
    return np.asarray(np.clip(plane, 0, 1), np.float32)


def panoramic(individual: int, view: str) -> Plane:  # noqa: ARG001
    """Both rows of teeth between the jaws, from joint to joint."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    # Panoramic images are about twice as wide as high, and show the middle of the plane.
    jaw = curve(
        (-0.93, -0.36), (-0.9, -0.1), (-0.82, 0.18), (-0.55, 0.36), (0.0, 0.45), (0.55, 0.36),
        (0.82, 0.18), (0.9, -0.1), (0.93, -0.36),
    )  # fmt: skip
    plane = 0.2 + 0.22 * film.stroke(jaw, 0.2, 0.02) + 0.14 * film.stroke(jaw, 0.05, 0.012)
    plane = plane + 0.2 * film.stroke([(x, y + 0.075) for x, y in jaw[20:-20]], 0.02, 0.006)
    upper = curve((-0.72, -0.16), (-0.4, -0.2), (0.0, -0.2), (0.4, -0.2), (0.72, -0.16))
    plane = plane + 0.2 * film.stroke([(x, y - 0.03) for x, y in upper], 0.22, 0.04)
    for side in (-1, 1):
        plane = plane - 0.1 * film.ellipse((side * 0.38, -0.4), (0.22, 0.12))
        plane = plane + 0.22 * film.ellipse((side * 0.93, -0.42), (0.035, 0.05))
        plane = plane + 0.07 * film.stroke(
            curve((side * 0.78, 0.1), (side * 0.6, 0.28), (side * 0.35, 0.33)), 0.015, 0.005
        )
    plane = plane - 0.12 * film.ellipse((0.0, -0.42), (0.1, 0.14))
    plane = plane + 0.1 * film.stroke([(0, -0.6), (0, 0.6)], 0.25, 0.12)
    missing = random.randrange(32)
    for row, sign in ((0, -1), (1, 1)):
        for k in range(16):
            if row * 16 + k == missing:
                continue
            t = (k + 0.5) / 16 * 2 - 1
            x = (0.62 * t + 0.1 * t * abs(t)) * 1.0
            y = 0.02 + (-0.085 if sign < 0 else 0.085) + 0.04 * (1 - t * t)
            size = 0.165 if abs(t) > 0.42 else 0.155
            tooth = _Tooth(
                (x, y), size, sign, roots=2 if abs(t) > 0.42 else 1,
                filled=random.random() < 0.15, lean=-t * 0.18 * sign,
            )  # fmt: skip
            plane = _drawn(film, plane, tooth)
    return np.asarray(np.clip(plane, 0, 1), np.float32)


@dataclass(frozen=True, slots=True)
class _Tooth:
    """A tooth with its neck at a point; sign 1 has the root downwards. size 1: 0.6 units wide."""

    at: Point
    size: float
    sign: int
    roots: int
    filled: bool
    lean: float = 0.0

    def place(self, points: list[Point]) -> list[Point]:
        """Where points of a tooth that stands at the origin, one unit high, are in the film."""
        x0, y0 = self.at
        size = self.size
        return [(x0 + (x + self.lean * y) * size, y0 + self.sign * y * size) for x, y in points]


def _drawn(film: Film, plane: Plane, tooth: _Tooth) -> Plane:
    place, size = tooth.place, tooth.size
    half = 0.3 if tooth.roots == 2 else 0.22
    crown = place(
        curve((-half * 0.8, 0.05), (-half, -0.22), (-half * 0.8, -0.46), (-0.1, -0.42), (0.0, -0.46),
              (0.1, -0.42), (half * 0.8, -0.46), (half, -0.22), (half * 0.8, 0.05))
    )  # fmt: skip
    dentine = place(
        curve((-half * 0.78, 0.08), (-half * 0.72, -0.26), (0.0, -0.3), (half * 0.72, -0.26),
              (half * 0.78, 0.08))
    )  # fmt: skip
    if tooth.roots == 2:
        legs = [
            place([(s * half * 0.8, 0.0), (s * half * 0.72, 0.5), (s * half * 0.5, 0.82),
                   (s * half * 0.3, 0.78), (s * half * 0.1, 0.3), (s * 0.0, 0.2), (0.0, 0.0)])
            for s in (-1, 1)
        ]  # fmt: skip
        canals = [
            place([(0, -0.1), (s * half * 0.4, 0.2), (s * half * 0.45, 0.75)]) for s in (-1, 1)
        ]
    else:
        legs = [place([(-half * 0.78, 0.0), (-half * 0.5, 0.5), (0.0, 0.9), (half * 0.5, 0.5),
                       (half * 0.78, 0.0)])]  # fmt: skip
        canals = [place([(0, -0.15), (0, 0.8)])]
    blur = 0.008 * math.sqrt(size)
    root = np.minimum(1, sum(film.shape(leg, blur) for leg in legs))
    body = np.maximum(root * np.float32(0.26), film.shape(crown, blur) * np.float32(0.46))
    gap = sum(film.stroke([*leg, leg[0]], 0.02 * size + 0.004, blur) for leg in legs)
    plane = plane - 0.06 * np.minimum(1, gap)
    plane = plane + body - 0.1 * film.shape(dentine, blur)
    plane = plane - 0.1 * film.strokes([(canal, 0.045 * size) for canal in canals], blur)
    if tooth.filled:
        top = place(
            [(-half * 0.5, -0.45), (half * 0.5, -0.45), (half * 0.35, -0.24), (-half * 0.4, -0.22)]
        )
        plane = plane + 0.5 * film.shape(top, blur * 0.6)
    return np.asarray(plane, np.float32)


def _trabeculae(film: Film, random: Random) -> Plane:
    """The fine mesh of spongy bone."""
    lines = []
    for _ in range(260):
        x, y = random.uniform(-1, 1), random.uniform(0, 1)
        angle = random.uniform(0, math.pi)
        length = random.uniform(0.04, 0.12)
        lines.append(
            ([(x, y), (x + math.cos(angle) * length, y + math.sin(angle) * length)], 0.006)
        )
    return film.strokes(lines, 0.006)
