"""Ultrasound of the upper abdomen: a sector with speckle, moving when it is a cine loop.

Tissue and speckle live in a polar grid (depth, angle), as a scanner acquires them, and are looked
up for every pixel of the sector.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_DEPTHS, _BEAMS = 420, 320
_HALF_ANGLE = 0.66
_APEX, _TOP = -0.12, 0.12
"""The apex lies above the image; the transducer's face begins at this distance from it."""

_CYCLE = 24
"""Frames in one heart beat."""


class UltrasoundFrames:
    """Single grey images, or loops; ``us/doppler`` is in colour, with flow in a box."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        self._series = series
        self._color = name == "us/doppler"
        self._lookup, self._inside = _sector(series.rows, series.columns)
        depth = np.linspace(_TOP, 1.0, _DEPTHS, dtype=np.float32)[:, None]
        angle = np.linspace(-_HALF_ANGLE, _HALF_ANGLE, _BEAMS, dtype=np.float32)[None, :]
        self._x, self._y = depth * np.sin(angle), depth * np.cos(angle)
        self._depth = depth
        self._speckle = _speckle(series.seed)
        self._last: tuple[int, Frame] | None = None

    def frame(self, index: int) -> Frame:
        """See Frames. Each image of a series is taken at another place."""
        if self._last is None or self._last[0] != index:
            count = self._series.frames
            planes = [self._plane(index, number) for number in range(count)]
            pixels = np.stack(planes) if count > 1 else planes[0]
            self._last = (index, Frame(pixels=pixels, bits_stored=8, window=(128.0, 256.0)))
        return self._last[1]

    def _plane(self, index: int, number: int) -> NDArray[np.uint8]:
        beat = 2 * math.pi * number / _CYCLE
        breath = 0.018 * math.sin(2 * math.pi * number / (_CYCLE * 4) + index)
        echo, flow = self._tissue(index * 0.05, breath, math.sin(beat))
        drift = round(breath * _DEPTHS)
        speckle = np.roll(self._speckle, (drift, index * 17), axis=(0, 1))
        # Logarithmic compression, and depth gain that does not quite make up for the loss.
        loud = 20 * np.log10(np.maximum(echo * speckle, 1e-4)) - 7 * self._depth
        polar = np.clip(loud * 4.6 + 190, 0, 255)
        grey = np.where(self._inside, polar.astype(np.uint8).ravel()[self._lookup], 0).astype(
            np.uint8
        )
        _decorate(grey)
        if not self._color:
            return grey
        return self._doppler(grey, flow, math.sin(beat))

    def _tissue(self, shift: float, breath: float, pulse: float) -> tuple[NDArray[np.float32], ...]:
        """Echo strength, and velocity where blood flows, on the polar grid."""
        x, y = self._x + np.float32(shift), self._y - np.float32(breath)
        echo = np.full(x.shape, 0.32, np.float32)
        near = y < 0.2 + 0.02 * np.sin(9 * x)
        echo[near] = 0.55
        layers = np.abs(np.sin((y - 0.03 * np.sin(5 * x)) * 58)) > 0.93
        echo[near & layers] = 1.6
        kidney = _oval(x, y, (0.34, 0.56), (0.2, 0.105), 24)
        echo[kidney < 1.12] = 0.75
        echo[kidney < 1] = 0.17
        echo[kidney < 0.34] = 0.95
        bladder = _oval(x, y, (-0.16, 0.38), (0.14, 0.07), -18)
        behind = (np.abs(x + 0.16 - (y - 0.38) * -0.3) < 0.1) & (y > 0.42)
        echo[behind] *= 1.7
        echo[bladder < 1.12] = 1.0
        echo[bladder < 1] = 0.012
        flow = np.zeros(x.shape, np.float32)
        for center, radii, turn, speed in (
            ((-0.02, 0.62), (0.22, 0.032), -14, 1.0),
            ((0.1, 0.74), (0.055, 0.05), 0, -1.0),
            ((-0.36, 0.6), (0.02, 0.11), 24, 0.6),
            ((-0.22, 0.72), (0.018, 0.1), -30, 0.6),
        ):
            wide = 1 + 0.08 * pulse * abs(speed)
            vessel = _oval(x, y, center, (radii[0] * wide, radii[1] * wide), turn)
            echo[(vessel >= 1) & (vessel < 1.3)] = 0.8
            inside = vessel < 1
            echo[inside] = 0.02
            flow[inside] = (speed * (1 - 0.6 * vessel) * (0.6 + 0.4 * pulse))[inside]
        diaphragm = np.hypot(x + 0.05, (y - 0.15) * 1.02)
        echo[np.abs(diaphragm - 0.75) < 0.008] = 4.0
        echo[diaphragm > 0.76] *= 0.3
        return echo, flow

    def _doppler(
        self, grey: NDArray[np.uint8], flow: NDArray[np.float32], pulse: float
    ) -> NDArray[np.uint8]:
        """Red towards the transducer, blue away from it, inside a box drawn on the image."""
        rows, columns = grey.shape
        color = np.repeat(grey[..., None], 3, axis=2)
        speed = np.where(self._inside, flow.ravel()[self._lookup], 0)
        top, bottom = round(rows * 0.46), round(rows * 0.8)
        left, right = round(columns * 0.36), round(columns * 0.66)
        box = np.zeros(grey.shape, bool)
        box[top:bottom, left:right] = True
        strength = np.clip(np.abs(speed) * (1 + 0.3 * pulse), 0, 1)
        for sign, channel in ((1, 0), (-1, 2)):
            where = box & (speed * sign > 0.05)
            color[where] = 0
            color[where, channel] = (90 + 165 * strength[where]).astype(np.uint8)
            color[where, 1] = (130 * np.maximum(0, strength[where] - 0.5)).astype(np.uint8)
        edge = (0, 200, 90)
        color[top, left:right] = color[bottom, left:right] = edge
        color[top:bottom, left] = color[top : bottom + 1, right] = edge
        bar = np.linspace(1, -1, max(2, rows // 4))
        band = color[
            rows // 4 : rows // 4 + len(bar), columns - columns // 32 : -columns // 64 or None
        ]
        band[...] = 0
        band[..., 0] = (np.clip(bar, 0, 1) * 255).astype(np.uint8)[:, None]
        band[..., 2] = (np.clip(-bar, 0, 1) * 255).astype(np.uint8)[:, None]
        return color


def _oval(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    center: tuple[float, float],
    radii: tuple[float, float],
    turn: float,
) -> NDArray[np.float32]:
    """Below 1 inside an ellipse."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    dx, dy = x - np.float32(center[0]), y - np.float32(center[1])
    u, v = (dx * cos + dy * sin) / radii[0], (dy * cos - dx * sin) / radii[1]
    return np.asarray(u * u + v * v, dtype=np.float32)


def _speckle(seed: int) -> NDArray[np.float32]:
    """Rayleigh-like speckle, finer along the beam than across it."""
    planes = []
    for part in (1, 2):
        raw = uniform(seed * 2 + part, (_DEPTHS // 2) * (_BEAMS // 3)) - np.float32(0.5)
        image = Image.fromarray(raw.reshape(_DEPTHS // 2, _BEAMS // 3))
        planes.append(np.asarray(image.resize((_BEAMS, _DEPTHS), Image.Resampling.BICUBIC)))
    return np.asarray(np.hypot(*planes) * np.float32(2.2) + np.float32(0.02), dtype=np.float32)


def _sector(rows: int, columns: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """For every pixel its place in the flattened polar grid, and whether it is in the sector."""
    scale = np.float32(0.92 * rows)
    y = (np.arange(rows, dtype=np.float32)[:, None] - np.float32(0.03 * rows)) / scale
    y = y - np.float32(_APEX) - np.float32(0.02)
    x = (np.arange(columns, dtype=np.float32)[None, :] - np.float32(columns / 2)) / scale
    reach = np.float32(1.0)
    depth, angle = np.hypot(x, y) / np.float32(1.0 - _APEX - 0.02) * reach, np.arctan2(x, y)
    inside = (depth >= _TOP) & (depth <= 1) & (np.abs(angle) <= _HALF_ANGLE)
    row = np.clip((depth - _TOP) / (1 - _TOP) * (_DEPTHS - 1), 0, _DEPTHS - 1).astype(np.intp)
    beam = np.clip((angle / _HALF_ANGLE + 1) / 2 * (_BEAMS - 1), 0, _BEAMS - 1).astype(np.intp)
    return row * _BEAMS + beam, inside


def _decorate(grey: NDArray[np.uint8]) -> None:
    """The depth ruler on the right and the grey bar, as scanners show them."""
    rows, columns = grey.shape
    for tick in range(17):
        y = round(rows * (0.04 + 0.92 * tick / 16))
        width = columns // (50 if tick % 5 == 0 else 100)
        grey[min(rows - 1, y), columns - 1 - width : columns - 1] = 180
    bar = np.linspace(255, 0, max(2, rows // 4)).astype(np.uint8)
    start = rows // 4
    left = columns - columns // 18
    place = grey[start : start + len(bar), left : left + max(1, columns // 64)]
    place[:] = bar[: len(place), None]
