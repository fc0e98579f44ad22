"""A frame of a file as an image, and the part of it that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenario_runner.decoding import frame_of
from scenario_runner.showing.frames import shown

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from scenario_runner.showing.window import Window


class NotShownError(Exception):
    """An image that cannot be shown; says why."""


class NoSuchFrameError(NotShownError):
    """The instance has fewer frames."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """Where a rendered image goes. size: columns and rows it has to fit; region: x, y, width, height."""

    size: tuple[int, int]
    region: tuple[float, float, float, float] | None = None

    def apply(self, image: Image.Image) -> Image.Image:
        """The region, scaled to fit with its proportions kept (PS3.18 8.3.5.1.3).

        Raises ValueError for a region that is not within the image.
        """
        if self.region is not None:
            x, y, width, height = self.region
            width, height = width or image.width - x, height or image.height - y
            if x + width > image.width or y + height > image.height or min(width, height) < 1:
                raise ValueError(f"it has {image.width} x {image.height} pixels")
            image = image.crop((int(x), int(y), int(x + width), int(y + height)))
        scale = min(self.size[0] / image.width, self.size[1] / image.height)
        fitting = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.resize(fitting)


def render(path: Path, frame: int, window: Window | None = None) -> Image.Image:
    """A frame of a file as an 8-bit image: gray through Modality and VOI LUT, or in colour.

    frame: from 1. window: instead of the one in the instance. Raises NotShownError.
    """
    from PIL import Image
    from pydicom import dcmread

    try:
        dataset = dcmread(path, stop_before_pixels=True)
        _check_frame(frame, int(dataset.get("NumberOfFrames") or 1))
        return Image.fromarray(shown(dataset, frame_of(path, frame), frame, window))
    except NotShownError:
        raise
    except Exception as error:
        # Decoders of other makers raise what they like for damaged data.
        raise NotShownError(f"the pixels cannot be shown: {error}") from error


def _check_frame(frame: int, count: int) -> None:
    if frame > count:
        raise NoSuchFrameError(f"there is no frame {frame}: the instance has {count}")
