"""Fluoroscopy loops: coronary arteries filling with contrast medium, and a barium swallow."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import noise
from scenario_runner.imaging.phantoms.projection import EDGE, Film, Plane, Point, curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_BEAT = 12
"""Frames in one heart beat at 15 frames a second."""


class RunFrames:
    """One run: frames of 8 bits in which contrast medium is dark."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        self._series = series
        self._barium = name == "rf/barium"
        self._grain = noise(series.seed, series.rows + 61, series.columns + 61, 4.0)
        self._run: tuple[int, Frame] | None = None

    def frame(self, index: int) -> Frame:
        """See Frames. Each run of a series is another projection."""
        if self._run is None or self._run[0] != index:
            random = Random(self._series.seed * 1009 + index)  # noqa: S311 - anatomy is no secret
            make = _barium if self._barium else _coronary
            film = Film()
            still, times = make(film, random)
            count = self._series.frames
            planes = [self._exposed(still, times, number, count) for number in range(count)]
            pixels = np.stack(planes) if count > 1 else planes[0]
            self._run = (index, Frame(pixels=pixels, bits_stored=8, window=(128.0, 256.0)))
        return self._run[1]

    def _exposed(
        self, still: Plane, times: tuple[Plane, Plane], number: int, count: int
    ) -> NDArray[np.uint8]:
        density, arrival = times
        # A single frame shows the vessels full; a loop shows them fill and empty.
        now = 0.62 if count == 1 else (number + 0.5) / count * 1.5
        full = np.clip((now - arrival) * 9, 0, 1) * np.clip((1.55 - now + arrival * 0.4) * 3, 0, 1)
        plane = still - density * full
        rows, columns = self._series.rows, self._series.columns
        beat = 0 if self._barium else math.sin(2 * math.pi * number / _BEAT)
        box = (3 + 2 * beat, 4 + 3 * beat, EDGE - 5 + 2 * beat, EDGE - 6 + 3 * beat)
        image = Image.fromarray(np.clip(plane, 0, 1) * np.float32(230) + np.float32(12))
        large = np.asarray(image.resize((columns, rows), Image.Resampling.BILINEAR, box=box))
        top, left = number * 37 % 61, number * 23 % 61
        grain = self._grain[top : top + rows, left : left + columns]
        return np.asarray(np.clip(large.astype(np.int16) + grain, 0, 255), np.uint8)


def _tree(
    lines: list[tuple[list[Point], float, float]],
    random: Random,
    points: list[Point],
    width: float,
    time: float,
) -> None:
    """A vessel along points, with branches: (points, width, when contrast arrives) each."""
    line = curve(*points, steps=10)
    step = 0.28 / len(line)
    for start in range(0, len(line) - 1, 3):
        part = line[start : start + 5]
        lines.append((part, width * (1 - 0.55 * start / len(line)), time + step * start))
    if width < 0.014:
        return
    for k in range(2, len(line) - 4, max(5, len(line) // 5)):
        x, y = line[k]
        ahead = math.atan2(line[k + 1][1] - y, line[k + 1][0] - x)
        turn = random.choice((-1, 1)) * random.uniform(0.5, 1.0)
        length = random.uniform(0.18, 0.42)
        branch = [(x, y)]
        for _ in range(3):
            x += math.cos(ahead + turn) * length / 3
            y += math.sin(ahead + turn) * length / 3
            turn += random.uniform(-0.35, 0.3)
            branch.append((x, y))
        _tree(lines, random, branch, width * 0.55, time + step * k)


def _coronary(film: Film, random: Random) -> tuple[Plane, tuple[Plane, Plane]]:
    """A left coronary artery from its catheter: descending and circumflex branches."""
    lines: list[tuple[list[Point], float, float]] = []
    dx, dy = random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06)
    _tree(lines, random, [(-0.3 + dx, -0.42 + dy), (-0.12, -0.4), (0.02, -0.36)], 0.046, 0.05)
    _tree(
        lines, random,
        [(0.0, -0.37), (0.22, -0.22), (0.38, 0.05), (0.42, 0.36), (0.3, 0.68)], 0.034, 0.14,
    )  # fmt: skip
    _tree(
        lines, random,
        [(0.0, -0.37), (-0.05, -0.15), (-0.18, 0.1), (-0.22, 0.38), (-0.08, 0.6)], 0.03, 0.14,
    )  # fmt: skip
    catheter = film.stroke(
        curve((-0.95, -1.05), (-0.75, -0.7), (-0.5, -0.62), (-0.32 + dx, -0.43 + dy)), 0.028, 0.003
    )
    lung = film.shape(curve((0.25, -1.1), (0.75, -0.4), (0.9, 0.3), (1.1, 0.6), (1.2, -1.1)), 0.08)
    spine = film.stroke(curve((-0.75, -1.1), (-0.7, 0.0), (-0.72, 1.1)), 0.3, 0.04)
    discs = film.strokes([([(-0.86, y), (-0.56, y)], 0.03) for y in np.arange(-1, 1.1, 0.3)], 0.02)
    dome = film.shape([(-1.2, 1.2), (1.2, 1.2), (1.2, 0.82), (0.3, 0.62), (-1.2, 0.86)], 0.05)
    still = 0.62 + 0.2 * lung - 0.14 * spine + 0.05 * discs - 0.2 * dome - 0.28 * catheter
    return np.asarray(still, np.float32), _filling(film, lines, 0.5)


def _barium(film: Film, random: Random) -> tuple[Plane, tuple[Plane, Plane]]:
    """Gullet and stomach as a mouthful of barium passes."""
    wave = random.uniform(-0.03, 0.03)
    lines: list[tuple[list[Point], float, float]] = []
    gullet = curve((-0.02, -1.1), (0.02 + wave, -0.6), (0.0, -0.15), (0.12, 0.12), steps=16)
    for k in range(len(gullet) - 1):
        width = 0.1 + 0.03 * math.sin(k * 0.4)
        lines.append((gullet[k : k + 2], width, 0.02 + 0.4 * k / len(gullet)))
    stomach = curve(
        (0.12, 0.1), (0.42, 0.12), (0.55, 0.38), (0.4, 0.68), (0.08, 0.78), (-0.2, 0.66), steps=12
    )
    for k in range(len(stomach) - 1):
        width = 0.36 - 0.22 * k / len(stomach) + 0.02 * math.sin(k * 0.45)
        lines.append((stomach[k : k + 2], width, 0.42 + 0.25 * k / len(stomach)))
    spine = film.stroke([(-0.02, -1.1), (-0.02, 1.1)], 0.26, 0.03)
    discs = film.strokes([([(-0.16, y), (0.12, y)], 0.03) for y in np.arange(-1, 1.1, 0.24)], 0.02)
    lungs = film.ellipse((-0.62, -0.5), (0.42, 0.75)) + film.ellipse((0.62, -0.55), (0.42, 0.7))
    ribs = film.strokes(
        [
            (curve((s * 0.2, y), (s * 0.6, y + 0.05), (s * 1.0, y + 0.3)), 0.05)
            for s in (-1, 1)
            for y in np.arange(-1.1, 0.6, 0.24)
        ],
        0.012,
    )
    still = 0.58 + 0.24 * lungs - 0.14 * spine + 0.06 * discs - 0.05 * ribs
    return np.asarray(still, np.float32), _filling(film, lines, 0.5)


def _filling(
    film: Film, lines: list[tuple[list[Point], float, float]], dark: float
) -> tuple[Plane, Plane]:
    """How dense the contrast medium can get, and when (0 to 1) it arrives, for every pixel."""
    density = film.strokes([(points, width) for points, width, _ in lines], 0.004)
    image = Image.new("L", (EDGE, EDGE), 255)
    draw = ImageDraw.Draw(image)
    # Latest first, so that where vessels cross the earlier one is on top.
    for points, width, time in sorted(lines, key=lambda line: -line[2]):
        pixels = [((x + 1) * EDGE / 2, (y + 1) * EDGE / 2) for x, y in points]
        broad = round(width * EDGE / 2 * 1.3) + 3
        level = min(250, round(time * 200))
        draw.line(pixels, fill=level, width=broad, joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = broad / 2
            draw.ellipse((x - r, y - r, x + r, y + r), fill=level)
    arrival = np.asarray(image, dtype=np.float32) / np.float32(200)
    return np.asarray(density * np.float32(dark), np.float32), arrival
