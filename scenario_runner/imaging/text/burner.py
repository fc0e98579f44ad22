"""Text into pixels: what a series shares drawn once, what differs set from cached glyphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scenario_runner.imaging.text.code import CodePlate, Symbol
from scenario_runner.imaging.text.ink import Ink
from scenario_runner.imaging.text.layout import Row, lay_out, margin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from scenario_runner.imaging.text.content import Line
    from scenario_runner.imaging.text.fonts import Mask


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
        self.keywords = tuple(row.line.keyword for row, _, _ in self.varying if row.line)
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
    white. code: the UIDs that all images share, if a machine-readable code is wanted.
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
        code: Mapping[str, str] | None = None,
    ) -> None:
        symbol = None
        if code is not None:
            symbol = Symbol(rows, columns, {keyword: len(uid) for keyword, uid in code.items()})
        layout = lay_out(lines, rows, columns, keep_free=symbol.side if symbol else 0)
        glyphs = Ink(layout.face, dtype, samples, *ink)
        texts = [
            Plate(text, glyphs, rows, columns, low=low)
            for text, low in ((layout.top, False), (layout.bottom, True))
            if text
        ]
        self._plates: list[Plate | CodePlate] = list(texts)
        if symbol is not None and code is not None:
            low = texts[-1].top if layout.bottom else rows
            place = len(texts) - bool(layout.bottom)
            self._plates.insert(place, CodePlate(symbol, glyphs, columns, low, code))
        self.keywords = tuple(
            dict.fromkeys(keyword for plate in self._plates for keyword in plate.keywords)
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
