"""Fitting lines into an image: the largest size and the fullest content that leave room to see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.imaging.text.content import Line, readable_name
from scenario_runner.imaging.text.fonts import Typeface
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

SMALLEST, LARGEST = 8, 96
"""Pixels; below the first DejaVu Sans cannot be read."""

_ROOM = 0.42
"""Share of the rows that text may cover, where that is at all possible."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of text: a label or a whole line, and perhaps room for a part of a varying line."""

    text: str
    line: Line | None = None
    start: int = 0
    """From which character of the line's value on."""
    length: int = 0
    """How many characters there is room for."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of text at one size: those at the top of the image and those at its bottom."""

    face: Typeface
    top: tuple[Row, ...]
    bottom: tuple[Row, ...]

    @property
    def height(self) -> int:
        """Pixels that all rows take."""
        return (len(self.top) + len(self.bottom)) * self.face.height


def lay_out(lines: Sequence[Line], rows: int, columns: int, *, keep_free: int = 0) -> Layout:
    """Choose size and content for an image of so many rows and columns.

    lines: most important first; the last ones are dropped when there is no room, the first three
    only when they do not fit at all. UIDs, which are long and looked up rarely, go to the bottom.
    keep_free: rows between top and bottom that something else needs.
    """
    if not lines:
        return Layout(Typeface(SMALLEST), (), ())
    room = min(rows * _ROOM, rows - keep_free - SMALLEST)
    largest = min(LARGEST, max(SMALLEST + 1, round(min(rows, columns) / 42)))
    sizes = sorted({largest, max(SMALLEST + 1, round(largest * 0.8)), SMALLEST}, reverse=True)
    keep = min(len(lines), 3)
    for count in range(len(lines), keep - 1, -1):
        for size in sizes:
            layout = _rows(lines[:count], Typeface(size), columns)
            if layout.height <= room:
                return layout
    face = Typeface(SMALLEST)
    layout = _rows(lines[:keep], face, columns)
    fitting = max(1, (rows - keep_free - 2) // face.height)
    return Layout(face, (layout.top + layout.bottom)[:fitting], ())


def _rows(lines: Sequence[Line], face: Typeface, columns: int) -> Layout:
    room = columns - 4 * margin(face)
    top: list[Row] = []
    bottom: list[Row] = []
    for line in lines:
        made = bottom if line.keyword.endswith("UID") else top
        if line.varies:
            made += _varying(line, face, room)
        else:
            value = readable_name(line.value, face) if line.keyword == "PatientName" else line.value
            made += [Row(part) for part in wrap(line.label + value, face, room)]
    return Layout(face, tuple(top), tuple(bottom))


def margin(face: Typeface) -> int:
    """Pixels around the text, and between plate and image edge."""
    return max(1, face.size // 6)


def wrap(text: str, face: Typeface, room: int) -> list[str]:
    """Split text into rows no wider than room pixels, at spaces where there are any."""
    parts: list[str] = []
    rest = text
    while rest and face.width(rest) > room:
        low, high = 1, len(rest)
        while low < high - 1:
            middle = (low + high) // 2
            low, high = (middle, high) if face.width(rest[:middle]) <= room else (low, middle)
        space = rest.rfind(" ", max(1, low // 2), low + 1)
        end = space if space > 0 else low
        parts.append(rest[:end])
        rest = rest[end:].lstrip()
    if rest:
        parts.append(rest)
    return parts


def _varying(line: Line, face: Typeface, room: int) -> list[Row]:
    """Rows for a line whose value comes later: as many characters a row as digits fit."""
    digit = face.glyph("0").shape[1]
    label = line.label
    uid = line.keyword.endswith("UID")
    needed = len(line.value) + (4 if uid else 0)
    if not uid and needed * digit <= room < face.width(label) + needed * digit:
        label = ""  # better a number without its name than one broken in two
    first = max(1, (room - face.width(label)) // digit)
    made = [Row(label, line, 0, min(first, needed))]
    start = first
    while start < len(line.value):
        per_row = max(1, room // digit)
        made.append(Row("", line, start, per_row))
        start += per_row
    return made
