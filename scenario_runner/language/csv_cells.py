"""What the readers of CSV files share: what stands between two cells, and where a cell stands in the text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.document import line_starts, position

_DELIMITERS = ",;\t|"


def delimiter_of(text: str) -> str:
    """Whichever of ``,`` ``;`` ``|`` and the tab the first line that is not blank has most of."""
    return max(_DELIMITERS, key=text.lstrip("\r\n").split("\n", 1)[0].count)


def lines_of(text: str) -> list[str]:
    """The lines with their ends, as ``csv.reader`` counts them; a row may have several."""
    return list(io.StringIO(text, newline=""))


def misnamed(columns: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Columns without a name, and those whose name another one has: their places, what is wrong, and a way out."""
    for place, name in enumerate(columns):
        if not name:
            yield place, f"column {place + 1} has no name", "the first line names every column"
        elif name in columns[:place]:
            yield place, f"the column {quoted(name)} is here a second time", "rename one of them"


def cell_span(row: str, line: int, place: int, delimiter: str) -> tuple[int, int, int, int]:
    """Line, column, end line and end column of a cell, all from 1; the beginning of the row where there is no such cell.

    row: its text, of several lines where a cell in quotes has some (RFC 4180). line: the one in which it begins.
    place: of the cell in its row, from 0.
    """
    starts = line_starts(row)
    for found, cell in enumerate(_cells(delimiter).finditer(row)):
        if found == place:
            whole = cell[0]
            begin = cell.start() + len(whole) - len(whole.lstrip())
            end = max(begin, cell.start() + len(whole.rstrip()))
            (top, left), (bottom, right) = position(starts, begin), position(starts, end)
            return line + top - 1, left, line + bottom - 1, right
        if row[cell.end() : cell.end() + 1] != delimiter:
            break
    return line, 1, line, 1


@lru_cache(maxsize=8)
def _cells(delimiter: str) -> re.Pattern[str]:
    """A cell, with the quotes around it, behind a delimiter or at the beginning of the row."""
    one = re.escape(delimiter)
    return re.compile(rf'(?:\A|(?<={one}))(?:"(?:[^"]|"")*"|[^{one}"\r\n])*')
