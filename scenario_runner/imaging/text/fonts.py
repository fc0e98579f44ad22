"""The bundled fonts and lines of text as masks.

DejaVu Sans draws Latin, Greek, Cyrillic, Hebrew and Arabic, Droid Sans Fallback Chinese, Japanese and
Korean, Noto Sans Thai Thai. All are free (licences beside them) and part of the package, so that the
same plan gives the same pixels on every machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenario_runner.imaging.text.shaping import visual_order

FONTS = ("DejaVuSans.ttf", "DroidSansFallback.ttf", "NotoSansThai-Regular.ttf")
_NOTHING = "\uffff"
"""A character no font has: what it looks like is what a missing glyph looks like."""

Mask = NDArray[np.uint8]


_FOLDER = Path(__file__).parent / "fonts"


class Typeface:
    """Text at one size in pixels. height: of every line, ascenders and descenders included."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.height = size + max(2, size // 4)
        self._baseline = size
        self._fonts: dict[int, ImageFont.FreeTypeFont] = {}
        self._missing: dict[int, bytes] = {}
        self._font_of: dict[str, int | None] = {}
        self._glyphs: dict[str, Mask] = {}

    def drawable(self, text: str) -> bool:
        """Whether some font has every character."""
        return all(self._which(character) is not None for character in text)

    def line(self, text: str) -> Mask:
        """One line, (height, width), 255 where ink is; characters no font has are left out."""
        runs = self._runs(text)
        image = Image.new("L", (self._width(runs), self.height))
        draw = ImageDraw.Draw(image)
        x = 0.0
        for which, run in runs:
            draw.text((x, self._baseline), run, fill=255, font=self._font(which), anchor="ls")
            x += self._font(which).getlength(run)
        return np.asarray(image)

    def glyph(self, character: str) -> Mask:
        """One character as a cached mask, to be set side by side with others."""
        mask = self._glyphs.get(character)
        if mask is None:
            mask = self._glyphs[character] = self.line(character)
        return mask

    def width(self, text: str) -> int:
        """Pixels that ``line`` takes."""
        return self._width(self._runs(text))

    def _width(self, runs: list[tuple[int, str]]) -> int:
        return max(1, round(sum(self._font(which).getlength(run) for which, run in runs)))

    def _runs(self, text: str) -> list[tuple[int, str]]:
        """What stands beside each other in one font, in the order in which it is seen."""
        runs: list[tuple[int, str]] = []
        for character in visual_order(text):
            which = self._which(character)
            if which is None:
                continue
            if runs and runs[-1][0] == which:
                runs[-1] = (which, runs[-1][1] + character)
            else:
                runs.append((which, character))
        return runs

    def _font(self, which: int) -> ImageFont.FreeTypeFont:
        if which not in self._fonts:
            # By its path: FreeType reads what it needs, where bytes would be held once for each size.
            self._fonts[which] = ImageFont.truetype(
                _FOLDER / FONTS[which], self.size, layout_engine=ImageFont.Layout.BASIC
            )
        return self._fonts[which]

    def _which(self, character: str) -> int | None:
        if character.isascii():
            return 0 if character.isprintable() else None
        if character not in self._font_of:
            self._font_of[character] = next(
                (which for which in range(len(FONTS)) if self._has(which, character)), None
            )
        return self._font_of[character]

    def _has(self, which: int, character: str) -> bool:
        font = self._font(which)
        if which not in self._missing:
            self._missing[which] = bytes(font.getmask(_NOTHING))
        return bytes(font.getmask(character)) != self._missing[which]
