"""Text and code as an overlay plane, which a viewer can hide (PS3.3 C.9.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scenario_runner.imaging.text.burner import Burner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom import Dataset

    from scenario_runner.imaging.text.content import Line

GROUP = 0x6000
DATA = GROUP << 16 | 0x3000


class OverlayPlane:
    """The overlay plane of the images of one series; parameters as for Burner.

    It has no code: dark modules would let the image through, and no reader forgives that.
    """

    def __init__(self, lines: Sequence[Line], *, rows: int, columns: int) -> None:
        self._empty = np.zeros((rows, columns), dtype=np.uint8)
        self._burner = Burner(
            lines,
            rows=rows,
            columns=columns,
            dtype=self._empty.dtype,
            samples=1,
            ink=(0, 1),
        )
        self.keywords = self._burner.keywords

    def describe(self, dataset: Dataset) -> None:
        """Add what the plane has alike in all images; without a frame range it is for every frame."""
        for element, vr, value in (
            (0x0010, "US", self._empty.shape[0]),
            (0x0011, "US", self._empty.shape[1]),
            (0x0022, "LO", "Identification of a synthetic image"),
            (0x0040, "CS", "G"),
            (0x0050, "SS", [1, 1]),
            (0x0100, "US", 1),
            (0x0102, "US", 0),
            (0x1500, "LO", "Synthetic identification"),
        ):
            dataset.add_new(GROUP << 16 | element, vr, value)

    def data(self, values: Mapping[str, str]) -> bytes:
        """OverlayData of one image: a bit a pixel, the first in the lowest bit, of even length."""
        plane = np.concatenate(list(self._burner.segments(self._empty, values)))
        packed = np.packbits(plane.reshape(-1), bitorder="little").tobytes()
        return packed + b"\0" * (len(packed) & 1)
