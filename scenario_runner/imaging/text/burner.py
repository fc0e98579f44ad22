"""Text into pixels: what a series shares drawn once, what differs set from cached glyphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.imaging.text.layout import Row, lay_out, margin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from scenario_runner.imaging.text.content import Line
    from scenario_runner.imaging.text.fonts import Mask, Typeface


class Ink:
    """Glyphs in stored values, cached. black, white: values that are shown so."""

    def __init__(
        self, face: Typeface, dtype: np.dtype[Any], samples: int, black: int, white: int
    ) -> None:
        self.face = face
        self._samples = samples
        ramp = black + np.arange(256, dtype=np.float64) * (white - black) / 255.0
        self._ramp = np.rint(ramp).astype(dtype)
        self._glyphs: dict[str, NDArray[Any]] = {}

    def apply(self, mask: Mask) -> NDArray[Any]:
        """A mask as pixels, (height, width[, samples])."""
        inked: NDArray[Any] = self._ramp[mask]
        if self._samples > 1:
            inked = np.repeat(inked[..., None], self._samples, axis=2)
        return np.ascontiguousarray(inked)

    def text(self, text: str) -> NDArray[Any]:
        """Text set glyph by glyph."""
        try:
            pieces = [self._glyphs[character] for character in text]
        except KeyError:
            for character in text:
                if character not in self._glyphs:
                    self._glyphs[character] = self.apply(self.face.glyph(character))
            pieces = [self._glyphs[character] for character in text]
        return np.concatenate(pieces, axis=1)


class Plate:
    """One block of text on a dark ground, which makes it legible on anything.

    top, bottom: the image rows it covers.
    """

    def __init__(
        self, layout: Sequence[Row], ink: Ink, rows: int, columns: int, *, low: bool
    ) -> None:
        face, inset = ink.face, margin(ink.face)
        self._ink = ink
        self.varying: list[tuple[Row, int, int]] = []
        drawn = [face.line(row.text) if row.text else None for row in layout]
        digit = face.glyph("0").shape[1]
        width = max(
            (0 if mask is None else mask.shape[1]) + row.length * digit
            for mask, row in zip(drawn, layout, strict=True)
        )
        height = min(len(layout) * face.height + inset, rows)
        ground = np.zeros((height, min(width + 2 * inset, columns)), dtype=np.uint8)
        for number, (mask, row) in enumerate(zip(drawn, layout, strict=True)):
            y, x = number * face.height, inset
            if mask is not None:
                _paste(ground, mask, y, x)
                x += mask.shape[1]
            if row.line is not None:
                self.varying.append((row, y, x))
        self._pixels = ink.apply(ground)
        edge = min(inset, rows - height, max(0, columns - ground.shape[1]))
        self._left = edge
        self.top = rows - edge - height if low else edge
        self.bottom = self.top + height

    def strip(self, frame: NDArray[Any], values: Mapping[str, str]) -> NDArray[Any]:
        """The covered rows of a frame with the text in them, as a new array.

        frame: (rows, columns[, samples]); it is not changed. values: keyword to text for each
        varying line.
        """
        strip = frame[self.top : self.bottom].copy()
        plate = strip[:, self._left : self._left + self._pixels.shape[1]]
        plate[:] = self._pixels
        for row, y, x in self.varying:
            assert row.line is not None
            text = values[row.line.keyword][row.start : row.start + row.length]
            if text and y < plate.shape[0] and x < plate.shape[1]:
                drawn = self._ink.text(text)
                height, width = plate.shape[0] - y, plate.shape[1] - x
                target = plate[y : y + drawn.shape[0], x : x + drawn.shape[1]]
                target[:] = drawn[:height, :width]
        return strip


class Burner:
    """Burns the text of one series into copies of the rows it covers.

    rows, columns: of the image. dtype, samples: of its pixels. ink: stored values shown black and
    white.
    """

    def __init__(
        self,
        lines: Sequence[Line],
        *,
        rows: int,
        columns: int,
        dtype: np.dtype[Any],
        samples: int,
        ink: tuple[int, int],
    ) -> None:
        layout = lay_out(lines, rows, columns)
        glyphs = Ink(layout.face, dtype, samples, *ink)
        self._plates = [
            Plate(text, glyphs, rows, columns, low=low)
            for text, low in ((layout.top, False), (layout.bottom, True))
            if text
        ]
        self.keywords = tuple(
            row.line.keyword for plate in self._plates for row, _, _ in plate.varying if row.line
        )
        """Whose values ``segments`` wants."""

    def segments(self, frame: NDArray[Any], values: Mapping[str, str]) -> Iterator[NDArray[Any]]:
        """The frame in parts from top to bottom: rows with text are copies, the others views."""
        done = 0
        for plate in self._plates:
            if plate.top > done:
                yield frame[done : plate.top]
            yield plate.strip(frame, values)
            done = plate.bottom
        if done < len(frame):
            yield frame[done:]


def _paste(ground: Mask, mask: Mask, y: int, x: int) -> None:
    height, width = min(mask.shape[0], ground.shape[0] - y), min(mask.shape[1], ground.shape[1] - x)
    if height > 0 and width > 0:
        ground[y : y + height, x : x + width] = mask[:height, :width]
