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
_MARGIN = 110


@lru_cache(maxsize=3)
def _face(size: int) -> Typeface:
    return Typeface(size)


def draw(
    heading: str, lines: Sequence[str], note: str, *, width: int = WIDTH, height: int = HEIGHT
) -> Image.Image:
    """Black on white: a heading, lines below it that wrap, a note at the foot. What has no room is cut."""
    scale = width / WIDTH
    margin = round(_MARGIN * scale)
    ink = Image.new("L", (width, height))
    y = margin
    for text, size, gap in (
        (heading, 52, 30),
        *((line, 30, 12) for line in lines),
    ):
        y = _write(ink, text, round(size * scale), y, margin) + round(gap * scale)
    small = _face(round(24 * scale))
    below = wrap(note, small, width - 2 * margin)
    _write(ink, note, small.size, height - margin - len(below) * small.height, margin)
    return ImageOps.invert(ink)


def _write(ink: Image.Image, text: str, size: int, y: int, margin: int) -> int:
    face = _face(size)
    for row in wrap(text, face, ink.width - 2 * margin):
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
