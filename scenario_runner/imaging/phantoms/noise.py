"""Noise from a seed: quick, whole-numbered and the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def noise(seed: int, rows: int, columns: int, sigma: float) -> NDArray[np.int16]:
    """Nearly normal noise of mean 0, (rows, columns), sigma in stored values.

    The sum of four random bytes; PCG64's raw stream is specified, so numpy versions do not matter.
    """
    raw = np.random.PCG64(seed).random_raw((rows * columns + 1) // 2)
    octets = np.asarray(raw, dtype="<u8").view(np.uint8).reshape(-1, 4)
    # Four uniform bytes: mean 510, variance 4 * (256² - 1) / 12.
    centred = octets.sum(axis=1, dtype=np.int32)[: rows * columns] - 510
    scaled = (centred * round(sigma * 65536 / 147.8)) >> 16
    return np.asarray(scaled.astype(np.int16).reshape(rows, columns))


def uniform(seed: int, count: int) -> NDArray[np.float32]:
    """Random numbers in [0, 1)."""
    raw = np.random.PCG64(seed).random_raw(count)
    return (np.asarray(raw) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
