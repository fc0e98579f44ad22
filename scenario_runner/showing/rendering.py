"""A frame of a file as an image, and the part of it that is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.decoding import frame_of
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.showing.frames import display_frame
from scenario_runner.showing.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    from PIL import Image
    from pydicom import Dataset

    from scenario_runner.showing.window import Window


_WORTH_A_TABLE: Final = 1 << 15
"""Pixels of an image from which on a table of its values is quicker."""


class NotShownError(Exception):
    """An image that cannot be shown; says why."""


class NoSuchFrameError(NotShownError):
    """The instance has fewer frames."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Where a rendered image goes. size: columns and rows it has to fit; region: x, y, width, height.

    A negative width or height turns the region over, left for right or top for bottom (PS3.18 8.3.5.1.3).
    """

    size: tuple[int, int]
    region: tuple[float, float, float, float] | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """The region, scaled to fit with its proportions kept (PS3.18 8.3.5.1.3).

        Raises ValueError for a region that is not within the image.
        """
        x, y, width, height = self.within(image.width, image.height)
        if self.region is not None:
            image = image.crop((x, y, x + width, y + height))
        return self.fit(image, width, height)

    def within(self, columns: int, rows: int) -> tuple[int, int, int, int]:
        """The region of an image that has so many columns and rows. Raises ValueError as ``apply``."""
        if self.region is None:
            return 0, 0, columns, rows
        x, y, width, height = map(abs, self.region)
        width, height = width or columns - x, height or rows - y
        if x + width > columns or y + height > rows or min(width, height) < 1:
            raise ValueError(f"it has {columns} x {rows} pixels")
        return int(x), int(y), int(x + width) - int(x), int(y + height) - int(y)

    def fit(self, image: Image.Image, columns: int, rows: int) -> Image.Image:
        """An image of the region alone, which has so many columns and rows, scaled and turned over."""
        from PIL import Image

        image = image.resize(self.fitting(columns, rows))
        _, _, width, height = self.region or (0, 0, 0, 0)
        if width < 0:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if height < 0:
            image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        return image

    def fitting(self, columns: int, rows: int) -> tuple[int, int]:
        """The size that so many columns and rows are scaled to."""
        scale = min(self.size[0] / columns, self.size[1] / rows)
        return max(1, round(columns * scale)), max(1, round(rows * scale))


def render(path: Path, frame: int, window: Window | None = None) -> Image.Image:
    """A frame of a file as an 8-bit image: gray through Modality and VOI LUT, or in colour.

    frame: from 1. window: instead of the one in the instance. Raises NotShownError.
    """
    from scenario_runner.dicom.datasets import open_file

    try:
        dataset = open_file(path, stop_before_pixels=True)
    except Exception as error:
        raise NotShownError(f"the pixels cannot be shown: {error}") from error
    return draw(dataset, lambda: frame_of(path, frame), frame, window)


def draw(
    dataset: Dataset,
    pixels: Callable[[], npt.NDArray[np.generic]],
    frame: int,
    window: Window | None = None,
) -> Image.Image:
    """The same of a header and what gives the frame's pixels. Raises NotShownError, OSError."""
    from PIL import Image

    try:
        _check_frame(frame, int(dataset.get("NumberOfFrames") or 1))
        if "Rows" not in dataset:
            raise NotShownError("it has no image")  # noqa: TRY301 - said like other reasons
        return Image.fromarray(_shown(dataset, pixels(), frame, window))
    except OSError:
        raise
    except NotShownError:
        raise
    except Exception as error:
        # Decoders of other makers raise what they like for damaged data.
        raise NotShownError(f"the pixels cannot be shown: {error}") from error


def _shown(
    dataset: Dataset, pixels: npt.NDArray[np.generic], frame: int, window: Window | None
) -> npt.NDArray[np.uint8]:
    """The same as ``display_frame``; of many pixels of few bits each value is shown once, and looked up."""
    rows = rows_of(pixels)
    if rows is None or pixels.size < _WORTH_A_TABLE:
        return display_frame(dataset, pixels, frame, window)
    return rows.shown(dataset, frame, window)


def _check_frame(frame: int, count: int) -> None:
    if frame > count:
        raise NoSuchFrameError(f"there is no frame {frame}: the instance has {count}")
