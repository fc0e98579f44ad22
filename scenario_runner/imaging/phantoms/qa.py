"""Test patterns: gradient, flat, noise and a SMPTE-like chart (after SMPTE RP 133)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.imaging.api import Frame
from scenario_runner.imaging.phantoms.noise import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenario_runner.planning.plan import PlannedSeries

_FULL = 4095


_EIGHT_BITS = frozenset({"ES", "US", "XC"})
"""Modalities whose IODs have no deeper pixels."""

_SIXTEEN_BITS = frozenset({"NM", "PT"})
"""Modalities whose IODs have all allocated bits stored."""


class QaFrames:
    """One pattern of 12 bits (8 where the IOD wants no more), the same for every image."""

    def __init__(self, series: PlannedSeries, name: str) -> None:
        pattern = name.partition("/")[2]
        plane: NDArray[Any] = _PATTERNS[pattern](series.seed, series.rows, series.columns)
        bits = 12
        if series.modality in _EIGHT_BITS:
            bits, plane = 8, (plane >> 4).astype(np.uint8)
        self._frame = Frame(
            pixels=np.stack([plane] * series.frames) if series.frames > 1 else plane,
            bits_stored=16 if series.modality in _SIXTEEN_BITS else bits,
            window=(2.0 ** (bits - 1), 2.0**bits),
        )

    def frame(self, index: int) -> Frame:  # noqa: ARG002
        """See Frames."""
        return self._frame


def gradient(seed: int, rows: int, columns: int) -> NDArray[np.uint16]:  # noqa: ARG001
    """Dark to bright from left to right."""
    ramp = np.linspace(0, _FULL, columns).round().astype(np.uint16)
    return np.ascontiguousarray(np.broadcast_to(ramp, (rows, columns)))


def flat(seed: int, rows: int, columns: int) -> NDArray[np.uint16]:  # noqa: ARG001
    """One grey, the middle one."""
    return np.full((rows, columns), 2048, np.uint16)


def static(seed: int, rows: int, columns: int) -> NDArray[np.uint16]:
    """Noise around the middle grey."""
    values = noise(seed, rows, columns, 400.0) + 2048
    return np.clip(values, 0, _FULL).astype(np.uint16)


def smpte(seed: int, rows: int, columns: int) -> NDArray[np.uint16]:  # noqa: ARG001
    """Grey steps with 5 % and 95 % insets, line pairs in corners and centre, a grid, a border."""
    chart = np.full((rows, columns), _FULL // 2, np.uint16)
    unit_y, unit_x = max(2, rows // 16), max(2, columns // 16)
    chart[::unit_y], chart[:, ::unit_x] = _FULL * 3 // 4, _FULL * 3 // 4
    steps = (0, 10, 20, 30, 40, 50, 50, 60, 70, 80, 90, 100)
    top = 5 * unit_y
    for number, percent in enumerate(steps):
        x = (2 + number) * unit_x
        chart[top : top + 2 * unit_y, x : x + unit_x] = _FULL * percent // 100
    for x, outer, inner in ((5, 0, 5), (9, 100, 95)):
        left, y = x * unit_x, top + 3 * unit_y
        chart[y : y + 2 * unit_y, left : left + 2 * unit_x] = _FULL * outer // 100
        inset = (slice(y + unit_y // 2, y + 3 * unit_y // 2),
                 slice(left + unit_x // 2, left + 3 * unit_x // 2))  # fmt: skip
        chart[inset] = _FULL * inner // 100
    for y in (unit_y, 7 * unit_y, 13 * unit_y):
        for x in (unit_x, 7 * unit_x, 13 * unit_x):
            if y == x * unit_y // unit_x or 7 * unit_y != y:
                _line_pairs(chart[y : y + 2 * unit_y, x : x + 2 * unit_x])
    edge = max(1, min(rows, columns) // 256)
    chart[:edge], chart[-edge:], chart[:, :edge], chart[:, -edge:] = (_FULL,) * 4
    return chart


def _line_pairs(part: NDArray[np.uint16]) -> None:
    """Vertical lines of 1, 2 and 3 pixels in the upper half, horizontal ones below."""
    half = part.shape[0] // 2
    third = max(1, part.shape[1] // 3)
    for number in range(3):
        width = number + 1
        columns = slice(number * third, (number + 1) * third)
        across = (np.arange(part[:half, columns].shape[1]) // width) % 2
        down = (np.arange(part[half:, columns].shape[0]) // width) % 2
        part[:half, columns] = (across * _FULL).astype(np.uint16)
        part[half:, columns] = (down * _FULL).astype(np.uint16)[:, None]


_PATTERNS = {"gradient": gradient, "flat": flat, "noise": static, "smpte": smpte}
