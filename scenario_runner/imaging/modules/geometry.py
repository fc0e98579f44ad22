"""Where the slices of a volume lie: Image Plane Module (PS3.3 C.7.6.2)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scenario_runner.imaging.modules.attribute_values import ds
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pydicom import Dataset

    from scenario_runner.planning.plan import PlannedSeries

FIELD_MM = {"HEAD": 240.0, "BRAIN": 240.0, "SKULL": 240.0, "NECK": 260.0}
EXTENT_MM = {"HEAD": 170.0, "BRAIN": 170.0, "SKULL": 170.0, "CHEST": 300.0, "ABDOMEN": 300.0}


@dataclass(frozen=True, slots=True)
class Stack:
    """Transverse slices, head first supine, from the feet upwards.

    field_mm: edge of the square field of view. extent_mm: from the first slice's centre to the
    last one's, when there are enough slices to fill it.
    """

    rows: int
    columns: int
    count: int
    field_mm: float
    extent_mm: float

    @property
    def spacing(self) -> float:
        """Distance of neighbouring slices in mm, at most 10."""
        return round(min(10.0, self.extent_mm / max(1, self.count - 1)), 4) or 0.0001

    @property
    def pixel_mm(self) -> float:
        """Distance of neighbouring pixels in mm."""
        return self.field_mm / max(self.rows, self.columns)

    def shared(self, dataset: Dataset) -> None:
        """What is alike: spacing, orientation, thickness."""
        dataset.PixelSpacing = [ds(self.pixel_mm), ds(self.pixel_mm)]
        dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
        dataset.SliceThickness = ds(self.spacing)
        dataset.SpacingBetweenSlices = ds(self.spacing)

    def each(self, index: int) -> dict[str, Any]:
        """Position of slice ``index`` (from 0): the centre of its first pixel, in mm."""
        z = ds((index - (self.count - 1) / 2) * self.spacing)
        left = ds(-(self.columns - 1) / 2 * self.pixel_mm)
        front = ds(-(self.rows - 1) / 2 * self.pixel_mm)
        return {"ImagePositionPatient": [left, front, z], "SliceLocation": z}


@lru_cache(maxsize=8)
def _stack(rows: int, columns: int, count: int, part: str) -> Stack:
    return Stack(rows, columns, count, FIELD_MM.get(part, 380.0), EXTENT_MM.get(part, 300.0))


def stack_of(series: PlannedSeries) -> Stack:
    """The stack that the images of a series make."""
    return _stack(series.rows, series.columns, series.image_count, series.body_part.upper())
