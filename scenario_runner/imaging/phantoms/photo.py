"""Colour photographs: a mole on skin beside a ruler, and the inside of a bowel."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

    Plane = NDArray[np.float32]

_EDGE = 512


class PhotoFrames:
    """8-bit RGB, (rows, columns, 3); every image of a series is another shot."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        self._series = series
        self._paint = _bowel if name == "es/bowel" else _mole
        self._last: tuple[int, Frame] | None = None

    def frame(self, index: int) -> Frame:
        """See Frames."""
        if self._last is None or self._last[0] != index:
            rows, columns = self._series.rows, self._series.columns
            small = (
                max(2, _EDGE * rows // max(rows, columns)),
                max(2, _EDGE * columns // max(rows, columns)),
            )
            y, x = np.meshgrid(
                (np.arange(small[0], dtype=np.float32) - small[0] / 2) / (min(small) / 2),
                (np.arange(small[1], dtype=np.float32) - small[1] / 2) / (min(small) / 2),
                indexing="ij",
            )
            picture = np.clip(self._paint(x, y, self._series.seed, index), 0, 255).astype(np.uint8)
            large = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BILINEAR)
            pixels = np.asarray(large)
            self._last = (index, Frame(pixels=pixels, bits_stored=8, window=(128.0, 256.0)))
        return self._last[1]


def _texture(shape: tuple[int, int], seed: int, cells: tuple[int, ...]) -> Plane:
    """Smooth random fields of several sizes added up, about -1 to 1."""
    total = np.zeros(shape, np.float32)
    for k, size in enumerate(cells):
        grid = uniform(seed + k, size * size).reshape(size, size) - np.float32(0.5)
        image = Image.fromarray(grid).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
        total += np.asarray(image) * np.float32(2 / (k + 1))
    return total


def _mole(x: Plane, y: Plane, seed: int, index: int) -> Plane:
    random = Random(seed * 1009 + index)  # noqa: S311 - anatomy is no secret
    grain = _texture(x.shape, seed, (6, 40, 130))
    light = 1 - 0.18 * (x * x + y * y)
    skin = (
        np.stack([226 + 9 * grain, 178 + 11 * grain, 152 + 11 * grain], axis=-1) * light[..., None]
    )
    dx, dy = x - random.uniform(-0.2, 0.2), y - random.uniform(-0.2, 0.1)
    angle = np.arctan2(dy, dx)
    edge = 0.3 * (1 + 0.1 * np.sin(3 * angle + index) + 0.06 * np.sin(5 * angle + seed % 7))
    inside = np.clip((edge - np.hypot(dx * 1.15, dy)) * 22, 0, 1)[..., None]
    spots = _texture(x.shape, seed + 50, (12, 36))[..., None]
    mole = np.array([112, 68, 50], np.float32) + spots * np.array([34, 26, 20], np.float32)
    picture = skin * (1 - inside * 0.93) + mole * inside * 0.93
    # A scale in millimetres along the lower edge.
    bottom = float(y.max()) - 0.22
    ruler = (y > bottom) & (y < bottom + 0.16)
    picture[ruler] = (240, 240, 236)
    step = np.abs((x * 16 + 1000) % 1 - 0.5) > 0.44
    long = np.abs((x * 3.2 + 1000) % 1 - 0.5) > 0.488
    picture[ruler & ((step & (y < bottom + 0.05)) | (long & (y < bottom + 0.1)))] = (30, 30, 30)
    return np.asarray(picture, np.float32)


def _bowel(x: Plane, y: Plane, seed: int, index: int) -> Plane:
    """A tunnel with folds, moist highlights, and a polyp on one shot in three."""
    random = Random(seed * 1009 + index)  # noqa: S311 - anatomy is no secret
    cx, cy = random.uniform(-0.22, 0.22), random.uniform(-0.2, 0.2)
    dx, dy = x - cx, y - cy
    radius = np.hypot(dx, dy) + np.float32(1e-3)
    angle = np.arctan2(dy, dx)
    depth = 1 / (radius * (1 + 0.09 * np.sin(3 * angle + seed % 5)) + 0.12)
    fold = np.cos(depth * 4.2 + index + 0.5 * np.sin(3 * angle))
    bright = np.clip(1.25 - 0.15 * depth**1.25, 0.03, 1) * (0.86 + 0.14 * fold)
    veins = np.abs(_texture(x.shape, seed, (7, 16)))
    veins = np.clip((0.05 - veins) * 14, 0, 1) * np.clip(radius * 1.4 - 0.3, 0, 1)
    color = np.stack(
        [236 * bright, (126 - 44 * veins) * bright**1.25, (104 - 40 * veins) * bright**1.35],
        axis=-1,
    )
    if index % 3 == 1:
        turn = random.uniform(0, 2 * math.pi)
        px, py = x - cx - 0.5 * math.cos(turn), y - cy - 0.5 * math.sin(turn)
        away = np.hypot(px, py) / 0.2
        ball = np.clip(1 - away * away, 0, 1) ** 0.5
        lump = (away < 1)[..., None]
        shade = (0.55 + 0.45 * ball * (1 - 0.4 * px / 0.2))[..., None]
        color = np.where(lump, np.array([232, 104, 92], np.float32) * shade, color)
    wet = _texture(x.shape, seed + 9 + index, (18, 44))
    glare = np.clip((fold + wet * 0.9 - 1.25) * 5, 0, 1) * np.clip(radius * 1.3 - 0.1, 0, 1)
    color = color + glare[..., None] * np.float32(120)
    # The corners that the lens does not see are black, as on every endoscope.
    view = (np.hypot(x, y) < 1.12) & (np.abs(x) < 1.02)
    return np.where(view[..., None], color, np.float32(0))
