"""Large images for eyes, strip by strip: of few bits a pixel, made smaller on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scenario_runner.showing.rendering import NotShownError, Viewport
from scenario_runner.showing.rows import Rows, unsigned

if TYPE_CHECKING:
    from PIL import Image
    from pydicom import Dataset

    from scenario_runner.showing.window import Window

MOST_SHOWN: Final = 32 << 20
"""Bytes of an image for eyes; a larger one is shown through a viewport."""


def draw_strips(
    dataset: Dataset, rows: Rows, frame: int, window: Window | None, viewport: Viewport | None
) -> Image.Image:
    """The frame, or what a viewport shows of it, as an 8-bit image that never has all of its pixels in memory.

    Raises NotShownError for one that would be too large, ValueError for a region that is not within the image.
    """
    from PIL import Image

    x, y, width, height = (0, 0, rows.width, rows.height)
    if viewport is not None:
        x, y, width, height = viewport.within(rows.width, rows.height)
    factor = _factor(viewport, width, height)
    table = rows.table(dataset, frame, window)
    size = (-(-width // factor), -(-height // factor))
    channels = 1 if table.ndim == 1 else table.shape[1]
    if size[0] * size[1] * channels > MOST_SHOWN:
        raise NotShownError(
            f"{width} x {height} pixels are too many to be shown at once; "
            f"up to {MOST_SHOWN >> 20} MiB are, through a viewport"
        )
    image = Image.new("L" if channels == 1 else "RGB", size)
    step = max(1, rows.strip // factor) * factor
    for first in range(0, height, step):
        strip = rows.read(y + first, min(step, height - first))[:, x : x + width]
        part = Image.fromarray(table[unsigned(strip)])
        image.paste(part.reduce(factor) if factor > 1 else part, (0, first // factor))
    return image if viewport is None else viewport.fit(image, width, height)


def _factor(viewport: Viewport | None, width: int, height: int) -> int:
    """How many pixels become one before the image is scaled: so many that it is still scaled by two."""
    if viewport is None:
        return 1
    columns, rows = viewport.fitting(width, height)
    return max(1, min(width // columns, height // rows) // 2)
