"""A chest radiograph, frontal or lateral."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.modules.anatomy import is_lateral_view
from scenario_runner.imaging.phantoms.projection import Film, Plane, Point, ProjectionFrames, curve
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


class ChestFrames(ProjectionFrames):
    """PA or AP: lungs, heart to the patient's left, ribs, clavicles, diaphragm; or from the side."""

    def __init__(self, series: PlannedSeries, name: str) -> None:  # noqa: ARG002
        super().__init__(series, paint)


def paint(individual: int, view: str) -> Plane:
    """The view of one of the individuals."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    return lateral(random) if is_lateral_view(view) else frontal(random)


def _outline(film: Film, half: list[Point], blur: float) -> Plane:
    """A shape symmetrical about x = 0 from the points of its right half, top to bottom."""
    right = curve(*half)
    return film.shape([*right, *((-x, y) for x, y in reversed(right))], blur)


def frontal(random: Random) -> Plane:
    """Attenuation seen from the back (PA): the patient's left is on the right of the image."""
    film = Film()
    w = random.uniform(0.95, 1.04)
    body = _outline(
        film,
        [(0.13, -1.1), (0.16, -0.86), (0.5, -0.74), (0.92, -0.6), (1.06, -0.3), (0.93, 0.1),
         (0.88, 0.6), (0.9, 1.1)],
        0.009,
    )  # fmt: skip
    plane = body * (0.47 + 0.1 * (1 - film.x * film.x)) + 0.012 * body
    abdomen = np.clip((film.y - 0.42) * 1.1, 0, 0.3)
    plane = plane + body * abdomen * (1 - 0.35 * film.x * film.x)

    plane = plane - 0.4 * _lung(film, -1, w) - 0.4 * _lung(film, 1, w)
    lungs = np.minimum(1, _lung(film, -1, w) + _lung(film, 1, w))
    plane = plane + 0.33 * _vessels(film, random) * lungs
    # Breath makes the lower lung fields a little denser.
    plane = plane + lungs * np.clip(film.y + 0.1, 0, 1) * 0.1

    plane = plane + _mediastinum(film)
    plane = plane + _cage(film, random, w) * body
    plane = plane + _spine(film) * body
    return np.asarray(plane, dtype=np.float32)


def _lung(film: Film, side: int, w: float) -> Plane:
    """One lung field; side -1 is the patient's right, with the higher diaphragm."""
    dome = 0.42 if side < 0 else 0.5
    outline = curve(
        (0.13, -0.42), (0.19, -0.68), (0.36, -0.765), (0.52, -0.66), (0.66, -0.36), (0.745, 0.05),
        (0.76, 0.4), (0.745, dome + 0.2), (0.6, dome + 0.03), (0.42, dome - 0.03),
        (0.22, dome + 0.02), (0.13, dome + 0.08), (0.12, 0.0),
    )  # fmt: skip
    return film.shape([(side * x * w, y) for x, y in outline], 0.013)


def _vessels(film: Film, random: Random) -> Plane:
    """The branching shadows that run out from the hila."""
    lines: list[tuple[list[Point], float]] = []
    for side in (-1, 1):
        for _ in range(20):
            start = (side * random.uniform(0.15, 0.21), random.uniform(-0.12, 0.1))
            angle = random.uniform(-1.15, 1.2)
            length = random.uniform(0.22, 0.42)
            _branch(lines, random, _Vessel(start, side, angle, length, 0.022))
    hila = film.ellipse((-0.19, 0.0), (0.075, 0.15), turn=8) + film.ellipse(
        (0.2, -0.04), (0.07, 0.13), turn=-8
    )
    return np.asarray(film.strokes(lines, 0.005) * 0.42 + 0.4 * hila, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class _Vessel:
    start: Point
    side: int
    angle: float
    length: float
    width: float


def _branch(lines: list[tuple[list[Point], float]], random: Random, vessel: _Vessel) -> None:
    """A vessel that bends, thins and forks until it is too fine to be seen."""
    start, side, angle = vessel.start, vessel.side, vessel.angle
    length, width = vessel.length, vessel.width
    bend = random.uniform(-0.35, 0.35)
    middle = (
        start[0] + side * np.cos(angle) * length / 2,
        start[1] + np.sin(angle) * length / 2,
    )
    end = (
        middle[0] + side * np.cos(angle + bend) * length / 2,
        middle[1] + np.sin(angle + bend) * length / 2,
    )
    lines.append((curve(start, middle, steps=5), width))
    lines.append((curve(middle, end, steps=5), width * 0.75))
    if width > 0.007:
        for turn in (-0.45, 0.4):
            turned = angle + bend + turn * random.uniform(0.6, 1.4)
            _branch(lines, random, _Vessel(end, side, turned, length * 0.62, width * 0.55))


def _mediastinum(film: Film) -> Plane:
    """Heart, aortic knuckle, upper mediastinum and the windpipe in it."""
    heart = film.shape(
        curve(
            (-0.1, -0.1), (-0.2, 0.1), (-0.225, 0.28), (-0.16, 0.45), (0.05, 0.5), (0.3, 0.55),
            (0.47, 0.5), (0.5, 0.4), (0.42, 0.2), (0.28, 0.02), (0.17, -0.12), (0.05, -0.16),
            (-0.1, -0.1),
        ),
        0.014,
    )  # fmt: skip
    upper = film.shape(
        curve(
            (-0.12, -0.75), (-0.135, -0.4), (-0.15, -0.05), (0.0, 0.3), (0.18, -0.05),
            (0.175, -0.18), (0.14, -0.25), (0.185, -0.32), (0.165, -0.42), (0.115, -0.48),
            (0.1, -0.75), (-0.12, -0.75),
        ),
        0.012,
    )  # fmt: skip
    trachea = film.stroke(curve((0.0, -0.98), (0.0, -0.6), (-0.015, -0.24)), 0.075, 0.01)
    bronchi = film.strokes(
        [
            (curve((-0.015, -0.25), (-0.08, -0.17), (-0.16, -0.08)), 0.045),
            (curve((-0.01, -0.25), (0.09, -0.18), (0.19, -0.13)), 0.04),
        ],
        0.01,
    )
    soft = np.maximum(0.3 * heart, 0.22 * upper) + 0.06 * heart * upper
    return np.asarray(soft - 0.09 * trachea - 0.05 * bronchi, dtype=np.float32)


def _cage(film: Film, random: Random, w: float) -> Plane:
    """Ribs (behind: down and outwards; in front: fainter, down and inwards), clavicles, scapulae."""
    behind: list[tuple[list[Point], float]] = []
    front: list[tuple[list[Point], float]] = []
    for number in range(10):
        y = -0.74 + number * 0.135
        reach = (0.42 + 0.4 * np.sin(min(1.0, (number + 0.6) / 5.5) * np.pi / 2)) * w
        jitter = random.uniform(-0.006, 0.006)
        for side in (-1, 1):
            behind.append(
                (
                    curve(
                        (side * 0.08, y + 0.03), (side * reach * 0.45, y - 0.015 + jitter),
                        (side * reach * 0.85, y + 0.1), (side * reach, y + 0.27),
                    ),
                    0.05,
                )
            )  # fmt: skip
            if 1 <= number <= 6:
                front.append(
                    (
                        curve(
                            (side * reach, y + 0.27), (side * reach * 0.9, y + 0.4),
                            (side * reach * 0.62, y + 0.5), (side * reach * 0.42, y + 0.52),
                        ),
                        0.052,
                    )
                )  # fmt: skip
    rims = [(points, width * 0.36) for points, width in behind]
    ribs = 0.125 * film.strokes(behind, 0.004) - 0.05 * film.strokes(rims, 0.006)
    ribs = ribs + 0.06 * film.strokes(front, 0.006)
    clavicles = film.strokes(
        [
            (
                curve((side * 0.08, -0.6), (side * 0.3, -0.685), (side * 0.55, -0.72),
                      (side * 0.76, -0.79)),
                0.055,
            )
            for side in (-1, 1)
        ],
        0.006,
    )  # fmt: skip
    scapulae = film.shape([(0.7, -0.68), (0.93, -0.62), (0.86, -0.1), (0.79, 0.02)], 0.012)
    scapulae = scapulae + scapulae[:, ::-1]
    arms = film.ellipse((0.97, -0.62), (0.11, 0.12), power=0.3)
    arms = arms + arms[:, ::-1]
    return np.asarray(ribs + 0.17 * clavicles + 0.06 * scapulae + 0.14 * arms, dtype=np.float32)


def _spine(film: Film) -> Plane:
    """Vertebral bodies seen through the mediastinum, with pedicles and spinous processes."""
    column = film.stroke([(0, -1.1), (0, 1.1)], 0.15, 0.01)
    discs = film.strokes(
        [([(-0.075, y), (0.075, y)], 0.016) for y in np.arange(-1.0, 1.0, 0.125)], 0.006
    )
    marks = film.strokes(
        [
            mark
            for y in np.arange(-1.0, 1.0, 0.125)
            for mark in (
                ([(-0.045, y + 0.05), (-0.045, y + 0.075)], 0.022),
                ([(0.045, y + 0.05), (0.045, y + 0.075)], 0.022),
                ([(0.0, y + 0.07), (0.0, y + 0.12)], 0.022),
            )
        ],
        0.005,
    )
    return np.asarray(0.12 * column - 0.04 * discs + 0.04 * marks, dtype=np.float32)


def lateral(random: Random) -> Plane:
    """Attenuation seen from the side, the patient facing left."""
    film = Film()
    w = random.uniform(0.96, 1.03)
    body = film.shape(
        curve(
            (-0.2, -1.1), (-0.25, -0.85), (-0.52 * w, -0.55), (-0.66 * w, -0.1), (-0.68 * w, 0.4),
            (-0.62 * w, 1.1), (0.6, 1.1), (0.66, 0.5), (0.72, 0.0), (0.66, -0.5), (0.45, -0.8),
            (0.3, -1.1),
        ),
        0.009,
    )  # fmt: skip
    plane = body * 0.55 + body * np.clip((film.y - 0.3) * 0.8, 0, 0.3)
    lungs = film.shape(
        curve(
            (-0.1, -0.72), (-0.36, -0.5), (-0.5, -0.15), (-0.54, 0.2), (-0.5, 0.42), (-0.2, 0.34),
            (0.15, 0.48), (0.45, 0.8), (0.5, 0.4), (0.52, -0.1), (0.42, -0.5), (0.18, -0.74),
            (-0.1, -0.72),
        ),
        0.016,
    )  # fmt: skip
    plane = plane - 0.36 * lungs
    vessels: list[tuple[list[Point], float]] = []
    for _ in range(16):
        start = (random.uniform(0.0, 0.1), random.uniform(-0.08, 0.08))
        side, angle = random.choice((-1, 1)), random.uniform(-1.3, 1.3)
        _branch(vessels, random, _Vessel(start, side, angle, random.uniform(0.2, 0.36), 0.02))
    plane = plane + 0.1 * lungs * film.strokes(vessels, 0.006)
    heart = film.shape(
        curve(
            (-0.12, -0.05), (-0.34, 0.08), (-0.46, 0.3), (-0.42, 0.46), (-0.1, 0.5), (0.14, 0.42),
            (0.16, 0.15), (0.05, -0.05), (-0.12, -0.05),
        ),
        0.02,
    )  # fmt: skip
    arch = film.stroke(
        curve((-0.12, 0.0), (-0.16, -0.25), (-0.02, -0.42), (0.18, -0.34), (0.28, -0.1),
              (0.31, 0.5)),
        0.12,
        0.02,
    )  # fmt: skip
    trachea = film.stroke(curve((-0.04, -1.0), (0.03, -0.6), (0.06, -0.16)), 0.08, 0.012)
    plane = plane + 0.24 * heart + 0.09 * arch - 0.1 * trachea
    plane = plane + 0.05 * film.ellipse((0.06, 0.0), (0.1, 0.12))

    ribs = [
        (
            curve((0.46, -0.72 + n * 0.14), (0.2, -0.62 + n * 0.16), (-0.2, -0.4 + n * 0.16),
                  (-0.46, -0.22 + n * 0.13)),
            0.045,
        )
        for n in range(8)
    ]  # fmt: skip
    sternum = film.stroke(curve((-0.36, -0.5), (-0.53, -0.1), (-0.57, 0.25)), 0.05, 0.008)
    spine_x = [0.36, 0.46, 0.52, 0.53, 0.5, 0.46]
    line = curve(*((x, -0.95 + 0.4 * k) for k, x in enumerate(spine_x)))
    column = film.stroke(line, 0.17, 0.012)
    discs = film.strokes(
        [([(x - 0.1, y + 0.02), (x + 0.1, y - 0.01)], 0.018) for x, y in line[::7]], 0.007
    )
    spines = film.strokes(
        [([(x + 0.1, y), (x + 0.19, y + 0.08)], 0.035) for x, y in line[::7]], 0.008
    )
    bones = (
        0.055 * film.strokes(ribs, 0.008) + 0.12 * sternum + 0.15 * column - 0.06 * discs
        + 0.06 * spines
    )  # fmt: skip
    return np.asarray(plane + bones * body, dtype=np.float32)
