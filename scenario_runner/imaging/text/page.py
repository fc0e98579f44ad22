"""A page of text as a picture and as a PDF file, in every script that the bundled fonts draw."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from scenario_runner.imaging.text.fonts import Typeface
from scenario_runner.imaging.text.layout import wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

DPI = 150
WIDTH, HEIGHT = 1240, 1754
"""A4 at that resolution."""
SIZE = 30
"""Pixels of its letters."""


@lru_cache(maxsize=6)
def _face(size: int) -> Typeface:
    return Typeface(size)


def draw(
    heading: str,
    lines: Sequence[str],
    note: str,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    size: int = SIZE,
) -> Image.Image:
    """Black on white: a heading, lines below it that wrap, a note at the foot.

    size: of the lines' letters in pixels; everything else goes by it. What has no room is cut.
    """
    margin = round(size * min(3.6, width / (size * 12)))
    ink = Image.new("L", (width, height))
    small = _face(round(size * 0.8))
    below = wrap(note, small, width - 2 * margin)
    foot = height - margin - len(below) * small.height
    y = _write(ink, heading, round(size * 1.7), (margin, foot), margin) + size
    for line in lines:
        y = _write(ink, line, size, (y, foot), margin) + size // 3
    _write(ink, note, small.size, (foot, height), margin)
    return ImageOps.invert(ink)


def _write(ink: Image.Image, text: str, size: int, room: tuple[int, int], margin: int) -> int:
    """Write text from one row of pixels on, as far as it ends before another; where it ended."""
    face = _face(size)
    y, end = room
    for row in wrap(text, face, ink.width - 2 * margin):
        if y + face.height > end:
            break
        ink.paste(Image.fromarray(face.line(row)), (margin, y))
        y += face.height
    return y


def pdf(page: Image.Image, *, title: str) -> bytes:
    """A PDF file of one page, without a date, so that the same page gives the same file."""
    stream = BytesIO()
    page.save(
        stream,
        format="PDF",
        resolution=float(DPI),
        title=title,
        producer="DICOM Fabricator",
        creationDate=None,
        modDate=None,
    )
    return stream.getvalue()
