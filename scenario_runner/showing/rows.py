"""Frames of one sample of few bits a pixel, strip by strip: each value is shown once, and looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.showing.frames import display_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt
    from pydicom import Dataset

    from scenario_runner.showing.window import Window

_STRIP: Final = 1 << 18
"""Pixels that are worked with at a time, or a row."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Such a frame, read row by row.

    dtype: of integers with 8 or 16 bits. read: so many rows from the one that is named first, (rows, columns).
    """

    height: int
    width: int
    dtype: np.dtype[np.generic]
    read: Callable[[int, int], npt.NDArray[np.generic]]

    @property
    def strip(self) -> int:
        """Rows that are worked with at a time."""
        return max(1, _STRIP // self.width)

    def table(self, dataset: Dataset, frame: int, window: Window | None) -> npt.NDArray[np.uint8]:
        """What is shown for each value that a pixel has, by its bits as an unsigned number; raises as ``display_frame``."""
        import numpy as np

        bits = 8 * self.dtype.itemsize
        present = np.zeros(1 << bits, np.bool_)
        for first in range(0, self.height, self.strip):
            present[unsigned(self.read(first, min(self.strip, self.height - first)))] = True
        places = np.flatnonzero(present)
        values = places.astype(f"u{self.dtype.itemsize}").view(self.dtype.newbyteorder("="))
        each = display_frame(dataset, values[np.newaxis], frame, window)[0]
        table = np.zeros((1 << bits, *each.shape[1:]), np.uint8)
        table[places] = each
        return table

    def shown(self, dataset: Dataset, frame: int, window: Window | None) -> npt.NDArray[np.uint8]:
        """The whole frame in 8 bits, as ``display_frame`` gives it."""
        import numpy as np

        table = self.table(dataset, frame, window)
        image = np.empty((self.height, self.width, *table.shape[1:]), np.uint8)
        for first in range(0, self.height, self.strip):
            count = min(self.strip, self.height - first)
            image[first : first + count] = table[unsigned(self.read(first, count))]
        return image


def rows_of(pixels: npt.NDArray[np.generic]) -> Rows | None:
    """Pixels that are there already; None for those that are not of this kind."""
    if pixels.ndim != 2 or pixels.dtype.kind not in "iu" or pixels.dtype.itemsize > 2:
        return None
    height, width = pixels.shape
    return Rows(height, width, pixels.dtype, lambda first, count: pixels[first : first + count])


def unsigned(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The bits of pixels as numbers from 0."""
    native = values.astype(values.dtype.newbyteorder("="), order="C", copy=False)
    return native.view(f"u{native.dtype.itemsize}")
