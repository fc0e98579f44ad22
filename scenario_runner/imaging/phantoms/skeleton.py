"""Radiographs of hand, knee, skull and abdomen."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.modules.anatomy import is_lateral_view, laterality
from scenario_runner.imaging.phantoms.projection import Film, Plane, Point, ProjectionFrames, curve

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries

_SPONGY = 220


class SkeletonFrames(ProjectionFrames):
    """``xray/hand`` and so on. A paired part of the other side is the mirror image."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        paint = _PAINTERS[name]
        mirrored = laterality(series) == "R" and name in ("xray/hand", "xray/knee")
        view = "LATERAL" if is_lateral_view(series.view) else "FRONTAL"
        super().__init__(series, paint, f"{view} {'R' if mirrored else 'L'}")


def _sided(plane: Plane, view: str) -> Plane:
    side = plane[:, ::-1] if view.endswith("R") else plane
    return np.ascontiguousarray(np.clip(side, 0, 1), dtype=np.float32)


class _Bones:
    """Bones added to a plane: a dense rim around spongy bone that shines through."""

    def __init__(self, film: Film, random: Random, density: float) -> None:
        self.film, self.random, self.density = film, random, density
        self.plane = np.zeros_like(film.plane)

    def long(self, start: Point, end: Point, shaft: float, ends: tuple[float, float]) -> None:
        """A tubular bone: narrow in the middle, with a marrow canal and broader ends."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        nx, ny = (y0 - y1) / length, (x1 - x0) / length
        left: list[Point] = []
        right: list[Point] = []
        for t, width in ((0.0, ends[0]), (0.1, ends[0]), (0.3, shaft * 1.08), (0.5, shaft),
                         (0.7, shaft * 1.06), (0.9, ends[1]), (1.0, ends[1])):  # fmt: skip
            x, y = x0 + (x1 - x0) * t, y0 + (y1 - y0) * t
            left.append((x + nx * width / 2, y + ny * width / 2))
            right.append((x - nx * width / 2, y - ny * width / 2))
        outline = [*curve(*left, steps=8), *curve(*reversed(right), steps=8)]
        canal = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (0.22, 0.78)]
        self.flat(outline, 0.012 + shaft * 0.1)
        self.plane -= np.float32(self.density * 0.4) * self.film.stroke(
            canal, shaft * 0.42, shaft * 0.13
        )

    def flat(self, outline: list[Point], rim: float, strength: float = 1.0) -> None:
        """A bone by its outline; rim: how thick its dense edge is."""
        inside = self.film.shape(outline, 0.0035)
        edge = self.film.stroke([*outline, outline[0]], rim, rim * 0.3) * inside
        self.plane += np.float32(self.density * strength) * (inside * 0.62 + edge * 0.38)

    def oval(self, center: Point, radii: Point, turn: float = 0.0) -> None:
        """A small rounded bone."""
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        outline = []
        for k in range(24):
            a = 2 * math.pi * k / 24
            wobble = 1 + 0.07 * math.sin(3 * a + center[0] * 40)
            u, v = math.cos(a) * radii[0] * wobble, math.sin(a) * radii[1] * wobble
            outline.append((center[0] + u * cos - v * sin, center[1] + u * sin + v * cos))
        self.flat(outline, min(radii) * 0.22)

    def mesh(self, box: tuple[float, float, float, float]) -> None:
        """The fine lines of spongy bone, where there is bone in a box (left, top, right, bottom)."""
        lines = []
        for _ in range(_SPONGY):
            x = self.random.uniform(box[0], box[2])
            y = self.random.uniform(box[1], box[3])
            a, r = self.random.uniform(0, math.pi), self.random.uniform(0.015, 0.05)
            lines.append(([(x, y), (x + math.cos(a) * r, y + math.sin(a) * r)], 0.004))
        self.plane += np.float32(0.16) * self.film.strokes(lines, 0.003) * self.plane


def hand(individual: int, view: str) -> Plane:
    """A left hand, palm down, fingers up: phalanges, metacarpals, carpals, radius and ulna."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    bones = _Bones(film, random, 0.5)
    size = random.uniform(0.94, 1.02)
    # Knuckle, direction in degrees from upright, and lengths from metacarpal to fingertip.
    fingers = (
        ((0.27, -0.02), 13.0, (0.36, 0.23, 0.13, 0.1), 0.072),
        ((0.09, -0.1), 3.0, (0.4, 0.27, 0.17, 0.11), 0.076),
        ((-0.1, -0.07), -5.0, (0.36, 0.25, 0.16, 0.11), 0.072),
        ((-0.27, 0.02), -15.0, (0.32, 0.2, 0.11, 0.1), 0.062),
    )
    flesh: list[tuple[list[Point], float]] = []
    for knuckle, angle, lengths, width in fingers:
        x, y = knuckle[0] * size, knuckle[1] * size
        a = math.radians(angle)
        dx, dy = math.sin(a), -math.cos(a)
        base = (x - dx * lengths[0] * size * 0.92 - 0.25 * x * 0.5, y - dy * lengths[0] * size)
        bones.long(base, (x, y), width * 0.72, (width * 1.02, width * 1.18))
        path = [(x, y)]
        for number, length in enumerate(lengths[1:]):
            start = (x + dx * 0.014, y + dy * 0.014)
            x, y = x + dx * (length * size + 0.014), y + dy * (length * size + 0.014)
            narrow = width * (0.62 - 0.08 * number)
            tip = narrow * (1.35 if number < 2 else 0.9)
            bones.long(start, (x, y), narrow, (width * (1.15 - 0.17 * number), tip))
            path.append((x, y))
        flesh.append((path, width * 2.3))
    # The thumb points sideways.
    thumb = [(0.27, 0.5), (0.47, 0.22), (0.61, 0.0), (0.68, -0.15)]
    for k, width in enumerate((0.085, 0.072, 0.06)):
        (x0, y0), (x1, y1) = thumb[k], thumb[k + 1]
        bones.long((x0 + (x1 - x0) * 0.05, y0 + (y1 - y0) * 0.05),
                   (x0 + (x1 - x0) * 0.97, y0 + (y1 - y0) * 0.97), width * 0.72,
                   (width * 1.15, width * 1.1))  # fmt: skip
    flesh.append((curve(*thumb), 0.19))
    for center, radii, turn in (
        ((0.2, 0.47), (0.062, 0.055), 10), ((0.1, 0.44), (0.05, 0.05), 0),
        ((0.0, 0.45), (0.058, 0.085), 0), ((-0.12, 0.46), (0.066, 0.062), 0),
        ((0.17, 0.585), (0.075, 0.05), 35), ((0.03, 0.585), (0.065, 0.055), 0),
        ((-0.1, 0.57), (0.055, 0.055), 0), ((-0.14, 0.545), (0.035, 0.035), 0),
    ):  # fmt: skip
        bones.oval(center, radii, turn)
    bones.long((0.1, 1.15), (0.09, 0.66), 0.13, (0.14, 0.25))
    bones.long((-0.16, 1.15), (-0.145, 0.68), 0.1, (0.11, 0.13))
    bones.mesh((-0.4, -0.8, 0.7, 1.0))
    palm = film.shape(
        curve((0.36, 0.02), (0.0, -0.14), (-0.36, 0.04), (-0.33, 0.4), (-0.28, 0.62), (-0.3, 1.1),
              (0.26, 1.1), (0.27, 0.66), (0.4, 0.4), (0.46, 0.2), (0.36, 0.02)),
        0.02,
    )  # fmt: skip
    soft = np.maximum(palm, film.strokes(flesh, 0.014))
    return _sided(soft * (0.16 + 0.03 * palm) + bones.plane + 0.02, view)


def knee(individual: int, view: str) -> Plane:
    """A left knee: thigh bone, kneecap, shin bone and fibula, from the front or from the side."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    bones = _Bones(film, random, 0.46)
    gap = random.uniform(0.0, 0.015)
    if view.startswith("LATERAL"):
        femur = curve((-0.1, -1.2), (-0.1, -0.6), (-0.2, -0.3), (-0.26, -0.12), (-0.16, 0.02),
                      (0.05, 0.07 - gap), (0.28, 0.02), (0.34, -0.14), (0.2, -0.32), (0.12, -0.6),
                      (0.1, -1.2))  # fmt: skip
        tibia = curve((-0.26, 0.14), (0.0, 0.11), (0.28, 0.12), (0.26, 0.24), (0.14, 0.5), (0.1, 1.2),
                      (-0.1, 1.2), (-0.12, 0.6), (-0.28, 0.34), (-0.26, 0.14))  # fmt: skip
        bones.oval((-0.42, -0.2), (0.075, 0.16), 8)
        bones.plane *= np.float32(0.6)
        bones.long((0.22, 0.32), (0.19, 1.2), 0.07, (0.12, 0.07))
        bones.plane *= np.float32(0.7)
        leg = curve((-0.5, -1.2), (-0.46, -0.5), (-0.55, -0.15), (-0.4, 0.2), (-0.26, 0.6),
                    (-0.22, 1.2), (0.55, 1.2), (0.6, 0.6), (0.42, 0.1), (0.52, -0.5), (0.62, -1.2))  # fmt: skip
    else:
        femur = curve((-0.13, -1.2), (-0.13, -0.62), (-0.2, -0.38), (-0.33, -0.2), (-0.32, -0.02),
                      (-0.16, 0.04), (-0.03, -0.04), (0.03, -0.04), (0.16, 0.05), (0.32, 0.0),
                      (0.35, -0.2), (0.22, -0.4), (0.13, -0.62), (0.12, -1.2))  # fmt: skip
        tibia = curve((-0.33, 0.1 + gap), (-0.16, 0.115 + gap), (-0.02, 0.07), (0.03, 0.07),
                      (0.17, 0.12 + gap), (0.34, 0.1 + gap), (0.31, 0.26), (0.16, 0.5), (0.11, 1.2),
                      (-0.12, 1.2), (-0.15, 0.5), (-0.3, 0.28), (-0.33, 0.1 + gap))  # fmt: skip
        bones.oval((0.02, -0.26), (0.14, 0.16))
        bones.plane *= np.float32(0.55)
        bones.long((0.32, 0.3), (0.27, 1.2), 0.075, (0.14, 0.075))
        leg = curve((-0.6, -1.2), (-0.52, -0.4), (-0.46, 0.05), (-0.5, 0.5), (-0.44, 1.2), (0.52, 1.2),
                    (0.58, 0.5), (0.5, 0.05), (0.56, -0.4), (0.62, -1.2))  # fmt: skip
    for outline, canal in (
        (femur, [(0.0, -1.2), (0.0, -0.62)]),
        (tibia, [(-0.01, 0.55), (0.0, 1.2)]),
    ):
        bones.flat(outline, 0.045)
        bones.plane -= np.float32(0.1) * film.stroke(canal, 0.09, 0.03)
    bones.mesh((-0.4, -0.5, 0.4, 0.5))
    flesh = film.shape(leg, 0.02)
    muscle = film.shape([(x * 0.86, y) for x, y in leg], 0.05)
    return _sided(0.13 * flesh + 0.11 * muscle + bones.plane + 0.02, view)


def skull(individual: int, view: str) -> Plane:
    """A skull from the front, or from the side facing left."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    side = _skull_lateral if view.startswith("LATERAL") else _skull_frontal
    plane = side(film, random)
    return np.ascontiguousarray(np.clip(plane, 0, 1), dtype=np.float32)


def _vault(film: Film, center: Point, radii: Point) -> Plane:
    """A closed shell of bone, dense where the beam grazes it."""
    outer = film.ellipse(center, radii)
    inner = film.ellipse(center, (radii[0] - 0.045, radii[1] - 0.05))
    return np.asarray(1.5 * outer - 1.32 * inner, np.float32)


def _skull_frontal(film: Film, random: Random) -> Plane:
    head = film.shape(
        curve((0.0, -0.88), (0.5, -0.7), (0.66, -0.25), (0.6, 0.15), (0.5, 0.5), (0.3, 0.8), (0.3, 1.15),
              (-0.3, 1.15), (-0.3, 0.8), (-0.5, 0.5), (-0.6, 0.15), (-0.66, -0.25), (-0.5, -0.7),
              (0.0, -0.88)), 0.02)  # fmt: skip
    plane = 0.36 * head + 0.5 * _vault(film, (0, -0.2), (0.6, 0.63))
    face = film.shape(
        curve((-0.42, -0.05), (-0.46, 0.2), (-0.38, 0.5), (-0.22, 0.76), (0.0, 0.82), (0.22, 0.76),
              (0.38, 0.5), (0.46, 0.2), (0.42, -0.05), (0, -0.15)), 0.02)  # fmt: skip
    plane = plane + 0.13 * face
    for s in (-1, 1):
        plane = plane - 0.13 * film.ellipse((s * 0.23, 0.05), (0.15, 0.13), power=0.3)
        plane = plane + 0.12 * film.stroke(
            curve((s * 0.4, 0.04), (s * 0.32, -0.09), (s * 0.18, -0.1), (s * 0.08, -0.02)),
            0.025,
            0.008,
        )
        plane = plane + 0.09 * film.stroke(
            curve((s * 0.08, 0.02), (s * 0.2, 0.09), (s * 0.36, 0.04), (s * 0.46, 0.12)), 0.04, 0.01
        )
        plane = plane - 0.1 * film.ellipse((s * 0.23, 0.3), (0.12, 0.13), power=0.4)
        plane = plane - 0.09 * film.ellipse((s * 0.09, -0.14), (0.08, 0.07), power=0.4)
        plane = plane + 0.14 * film.stroke(
            curve((s * 0.5, 0.18), (s * 0.45, 0.5), (s * 0.26, 0.76), (0.0, 0.84)), 0.1, 0.015
        )
        plane = plane + 0.1 * film.stroke([(s * 0.44, 0.08), (s * 0.54, 0.14)], 0.06, 0.015)
    plane = plane - 0.12 * film.shape([(0.0, 0.08), (0.09, 0.3), (-0.09, 0.3)], 0.02)
    plane = plane + 0.06 * film.stroke([(0.0, 0.05), (0.005, 0.34)], 0.016, 0.005)
    plane = plane + _bite(film, [(x * 0.055, 0.48 + 0.0025 * x * x) for x in range(-4, 5)])
    plane = plane + 0.1 * film.stroke([(0.0, 0.6), (0.0, 1.2)], 0.26, 0.03)
    suture = [(x / 30, -0.62 + 0.012 * (-1) ** x + x * x / 2200) for x in range(-12, 13)]
    plane = plane - 0.03 * film.stroke(suture, 0.008, 0.003)
    return np.asarray(plane + random.uniform(0, 0.02) * head, np.float32)


def _bite(film: Film, places: list[Point]) -> Plane:
    """Upper and lower teeth side by side."""
    teeth = [([(x, y - 0.008), (x * 0.98, y - 0.11)], 0.042) for x, y in places] + [
        ([(x, y + 0.012), (x * 0.98, y + 0.11)], 0.038) for x, y in places
    ]
    crowns = [([(x, y - 0.012), (x, y - 0.05)], 0.046) for x, y in places]
    return np.asarray(
        0.13 * film.strokes(teeth, 0.005) + 0.12 * film.strokes(crowns, 0.004), np.float32
    )


def _skull_lateral(film: Film, random: Random) -> Plane:
    head = film.shape(
        curve((0.1, -0.86), (0.6, -0.66), (0.82, -0.2), (0.72, 0.2), (0.56, 0.42), (0.62, 1.15),
              (0.0, 1.15), (-0.08, 0.86), (-0.42, 0.88), (-0.56, 0.74), (-0.55, 0.5), (-0.7, 0.3),
              (-0.6, 0.1), (-0.66, -0.2), (-0.5, -0.62), (0.1, -0.86)), 0.015)  # fmt: skip
    plane = 0.28 * head + 0.45 * _vault(film, (0.1, -0.22), (0.66, 0.58))
    base = curve(
        (-0.5, 0.06),
        (-0.3, 0.1),
        (-0.12, 0.16),
        (0.0, 0.14),
        (0.2, 0.28),
        (0.42, 0.26),
        (0.64, 0.1),
    )
    plane = plane + 0.12 * film.stroke(base, 0.06, 0.015)
    plane = plane + 0.25 * film.ellipse((0.2, 0.2), (0.16, 0.09), turn=18)
    plane = plane - 0.1 * film.ellipse((0.33, 0.3), (0.09, 0.08), power=0.4)
    # The sella: a notch in the middle of the skull base.
    plane = plane + 0.12 * film.stroke(
        curve((-0.14, 0.1), (-0.1, 0.13), (-0.08, 0.18), (-0.03, 0.18), (0.0, 0.1)), 0.02, 0.005
    )
    plane = plane - 0.13 * film.ellipse((-0.43, 0.16), (0.12, 0.1), power=0.4)
    plane = plane - 0.12 * film.ellipse((-0.34, 0.34), (0.14, 0.1), power=0.4)
    plane = plane - 0.1 * film.ellipse((-0.56, -0.02), (0.045, 0.09), power=0.4)
    plane = plane - 0.08 * film.ellipse((-0.14, 0.23), (0.09, 0.05), power=0.4)
    jaw = curve((0.08, 0.24), (0.1, 0.45), (0.02, 0.68), (-0.24, 0.8), (-0.52, 0.8), (-0.54, 0.68))
    plane = plane + 0.16 * film.stroke(jaw, 0.15, 0.015) + 0.08 * film.stroke(jaw, 0.03, 0.008)
    plane = plane + 0.12 * film.stroke(
        curve((-0.52, 0.45), (-0.3, 0.45), (-0.08, 0.42)), 0.05, 0.01
    )
    plane = plane + 1.1 * _bite(film, [(-0.53 + 0.07 * k, 0.57 + 0.004 * k) for k in range(7)])
    for k in range(5):
        x, y = 0.22 + 0.02 * k, 0.5 + 0.15 * k
        plane = plane + 0.17 * film.shape(
            [
                (x - 0.1, y - 0.045),
                (x + 0.08, y - 0.06),
                (x + 0.09, y + 0.045),
                (x - 0.09, y + 0.06),
            ],
            0.008,
        )
        plane = plane + 0.1 * film.stroke([(x + 0.12, y), (x + 0.28, y + 0.05)], 0.06, 0.01)
    airway = curve((-0.2, 0.4), (-0.02, 0.46), (0.06, 0.7), (0.02, 1.1))
    plane = plane - 0.12 * film.stroke(airway, 0.08, 0.015)
    for _ in range(4):
        x = random.uniform(-0.1, 0.3)
        groove = curve((x, 0.1), (x - 0.04, -0.2), (x + 0.1, -0.5), (x + 0.3, -0.66))
        plane = plane - 0.025 * film.stroke(groove, 0.012, 0.005)
    suture = curve((-0.18, -0.74), (-0.14, -0.4), (-0.16, 0.0))
    plane = plane - 0.04 * film.stroke(suture, 0.008, 0.004)
    return np.asarray(plane, np.float32)


def abdomen(individual: int, view: str) -> Plane:  # noqa: ARG001
    """A supine abdomen: spine, pelvis, psoas edges, bowel gas."""
    random = Random(individual)  # noqa: S311 - anatomy is no secret
    film = Film()
    bones = _Bones(film, random, 0.3)
    body = film.shape(
        curve((-0.74, -1.2), (-0.72, -0.4), (-0.7, 0.1), (-0.82, 0.6), (-0.9, 1.2), (0.9, 1.2),
              (0.82, 0.6), (0.7, 0.1), (0.72, -0.4), (0.74, -1.2)), 0.015)  # fmt: skip
    plane = body * (0.3 + 0.14 * (1 - film.x * film.x))
    plane = plane + 0.09 * film.ellipse((-0.38, -0.62), (0.36, 0.5))
    for side in (-1, 1):
        plane = plane + 0.05 * film.shape(
            [(side * 0.1, -0.5), (side * 0.2, -0.1), (side * 0.32, 0.5), (side * 0.12, 0.5)], 0.012)  # fmt: skip
        plane = plane + 0.06 * film.ellipse((side * 0.3, -0.36), (0.1, 0.2), turn=side * 12)
    for k in range(7):
        y = -1.0 + 0.21 * k
        w = 0.1 + 0.006 * k
        bones.flat([(-w, y), (w, y), (w * 0.88, y + 0.09), (w, y + 0.17), (-w, y + 0.17),
                    (-w * 0.88, y + 0.09)], 0.02)  # fmt: skip
        bones.oval((0.0, y + 0.15), (0.022, 0.055))
        for side in (-1, 1):
            bones.oval((side * w * 0.62, y + 0.05), (0.022, 0.03))
            bones.long((side * w, y + 0.07), (side * w * 2.0, y + 0.06), 0.035, (0.04, 0.03))
    bones.flat([(-0.16, 0.5), (0.16, 0.5), (0.1, 0.72), (0.0, 0.86), (-0.1, 0.72)], 0.02, 0.8)
    for side in (-1, 1):
        wing = curve((0.17, 0.52), (0.36, 0.36), (0.62, 0.34), (0.66, 0.52), (0.5, 0.72), (0.42, 0.86),
                     (0.28, 0.8), (0.18, 0.66), (0.17, 0.52))  # fmt: skip
        bones.flat([(side * x, y) for x, y in wing], 0.04, 0.8)
        bones.oval((side * 0.53, 0.95), (0.13, 0.13))
        ring = curve((side * 0.4, 0.86), (side * 0.3, 0.98), (side * 0.06, 1.0), (side * 0.1, 1.1))
        bones.plane += np.float32(0.2) * film.stroke(ring, 0.07, 0.008)
        ribs = [
            (curve((side * 0.12, -1.05 + 0.2 * k), (side * 0.45, -1.0 + 0.2 * k),
                   (side * 0.68, -0.78 + 0.2 * k)), 0.05)
            for k in range(3)
        ]  # fmt: skip
        bones.plane += np.float32(0.09) * film.strokes(ribs, 0.006)
    gas = np.zeros_like(film.plane)
    frame = curve((-0.52, 0.36), (-0.56, 0.0), (-0.5, -0.34), (-0.2, -0.24), (0.2, -0.3), (0.5, -0.52),
                  (0.56, -0.1), (0.54, 0.3), (0.3, 0.6), (0.08, 0.66), steps=10)  # fmt: skip
    for x, y in frame[::3]:
        if random.random() < 0.62:
            r = random.uniform(0.05, 0.085)
            gas = np.maximum(gas, film.ellipse((x, y), (r, r * random.uniform(0.7, 1.1))))
    for _ in range(9):
        place = (random.uniform(-0.3, 0.3), random.uniform(-0.05, 0.45))
        gas = np.maximum(gas, 0.7 * film.ellipse(place, (0.06, 0.035), turn=random.uniform(0, 180)))
    gas = np.maximum(gas, film.ellipse((0.34, -0.82), (0.2, 0.1), turn=20))
    plane = plane - 0.17 * gas
    return np.ascontiguousarray(np.clip(plane + bones.plane * body, 0, 1), dtype=np.float32)


_PAINTERS = {
    "xray/abdomen": abdomen,
    "xray/hand": hand,
    "xray/knee": knee,
    "xray/skull": skull,
}
