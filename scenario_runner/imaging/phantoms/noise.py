"""Noise from a seed: quick, whole-numbered and the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def noise(seed: int, rows: int, columns: int, sigma: float) -> NDArray[np.int16]:
    """Noise of mean 0, (rows, columns), sigma in stored values, bounded by 2.5 sigma.

    The sum of two random bytes: a triangle, which the eye cannot tell from a normal distribution.
    PCG64's raw stream is specified, so numpy versions do not matter.
    """
    count = rows * columns
    raw = np.asarray(np.random.PCG64(seed).random_raw((count + 3) // 4), dtype="<u8")
    low = np.uint64(0x00FF00FF00FF00FF)
    sums = (raw & low) + ((raw >> np.uint64(8)) & low)
    values = sums.view("<i2")[:count].astype(np.int16, copy=False)
    values -= 255
    # A sum of two bytes has the variance (256² - 1) / 6; 16 bits hold 255 * 128.
    factor = sigma / 104.5
    shift = 7
    while round(factor * 2**shift) > 128:
        shift -= 1
    values *= np.int16(round(factor * 2**shift))
    if shift >= 0:
        values >>= shift
    else:
        values <<= -shift
    return values.reshape(rows, columns)


def uniform(seed: int, count: int) -> NDArray[np.float32]:
    """Random numbers in [0, 1)."""
    raw = np.random.PCG64(seed).random_raw(count)
    return (np.asarray(raw) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
