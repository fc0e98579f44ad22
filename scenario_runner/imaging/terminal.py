"""A picture in a terminal: two pixels in each character, in as many colours as the terminal has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

Colors = Literal["truecolor", "256", "none"]

_RAMP = " .:-=+*#%@"
_RESET = "\x1b[0m"
HALF = "\N{UPPER HALF BLOCK}"
"""What a terminal has to have for colours."""


def draw(image: Image.Image, colors: Colors, columns: int, rows: int) -> Iterator[str]:
    """Lines of text that show an image, at most so many columns and rows, proportions kept.

    A character cell is about twice as high as it is wide, so each holds two pixels, one above the
    other: a half block in two colours, or without colours a letter as dense as both are bright.
    """
    pixels = _fitted(image, max(1, columns), max(2, rows * 2))
    if colors == "none":
        yield from _letters(pixels)
        return
    color = _rgb if colors == "truecolor" else _indexed
    for top, bottom in zip(pixels[::2], pixels[1::2], strict=True):
        line, last = [], ""
        for above, below in zip(top, bottom, strict=True):
            code = f"\x1b[38;{color(above)};48;{color(below)}m"
            line.append(HALF if code == last else f"{code}{HALF}")
            last = code
        yield "".join(line) + _RESET


def _fitted(image: Image.Image, width: int, height: int) -> npt.NDArray[np.uint8]:
    """(rows, columns, 3), an even number of rows."""
    import numpy as np
    from PIL import Image as Images

    scale = min(width / image.width, height / image.height)
    size = (max(1, round(image.width * scale)), max(2, round(image.height * scale) // 2 * 2))
    fitted = image.convert("RGB").resize(size, Images.Resampling.BOX)
    return np.asarray(fitted, dtype=np.uint8)


def _letters(pixels: npt.NDArray[np.uint8]) -> Iterator[str]:
    bright = pixels.mean(axis=2)
    both = (bright[::2] + bright[1::2]) / 2
    for row in both:
        line = "".join(_RAMP[min(len(_RAMP) - 1, int(value * len(_RAMP) / 256))] for value in row)
        yield line.rstrip()


def _rgb(pixel: npt.NDArray[np.uint8]) -> str:
    red, green, blue = (int(value) for value in pixel)
    return f"2;{red};{green};{blue}"


def _indexed(pixel: npt.NDArray[np.uint8]) -> str:
    """The nearest of the 24 greys or of the 6 x 6 x 6 colours of the usual palette of 256."""
    red, green, blue = (int(value) for value in pixel)
    if max(red, green, blue) - min(red, green, blue) < 12:
        grey = (red + green + blue) // 3
        return f"5;{16 if grey < 4 else 231 if grey > 246 else 232 + (grey - 3) // 10}"
    steps = (round(value / 51) for value in (red, green, blue))
    first, second, third = steps
    return f"5;{16 + 36 * first + 6 * second + third}"
