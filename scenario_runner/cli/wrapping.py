"""Lines for a terminal: as wide as it is, what runs over indented, ideographs counted as two."""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any

from scenario_runner.evidence.unseen import escaped

_LEAST = 30
"""With less room than this beside a name, a message goes below it."""


def cells(text: str) -> int:
    """How many columns a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def padded(text: str, width: int) -> str:
    """The text with spaces up to width columns."""
    return text + " " * max(0, width - cells(text))


def terminal_width() -> int | None:
    """The columns of the terminal that stdout is; None for a file or another program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def beside(name: str, message: str, indent: int, width: int | None) -> list[str]:
    """A name and a message as lines without their indent, of which the first line has it already.

    width: of the terminal; None leaves all in one line, so that it can be searched. What does not fit
    is folded under where it began, or under the name when little room is left beside that.
    """
    if width is None or indent + cells(name) + 2 + cells(message) <= width or not message:
        return folded(f"{name}  {message}".rstrip(), indent, width)
    room = width - indent - cells(name) - 2
    if room < _LEAST:
        return folded(name.rstrip(), indent, width) + _indented(message, indent, width)
    first, *others = wrapped(message, room)
    column = " " * (indent + cells(name) + 2)
    return [f"{name}  {first}", *(f"{column}{line}" for line in others)]


def folded(text: str, indent: int, width: int | None) -> list[str]:
    """A text that begins at column indent, its further lines indented like the first."""
    if width is None:
        return [text]
    first, *others = wrapped(text, width - indent)
    return [first, *(" " * indent + line for line in others)]


def _indented(text: str, indent: int, width: int) -> list[str]:
    return [" " * indent + line for line in wrapped(text, width - indent)]


def wrapped(text: str, room: int) -> list[str]:
    """The text in lines of at most room columns, broken at spaces where there are any."""
    room = max(room, 2)
    if cells(text) <= room:
        return [text]
    from rich.cells import chop_cells

    lines = [""]
    for word in text.split():
        glue = " " if lines[-1] else ""
        if cells(lines[-1]) + len(glue) + cells(word) <= room:
            lines[-1] += glue + word
            continue
        lines += chop_cells(word, room)
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def json_text(data: Any, indent: int | None = None) -> str:
    """Data as JSON that steers no terminal; whoever parses it gets the values as they are."""
    return escaped(json.dumps(data, ensure_ascii=False, default=str, indent=indent))


def printable(text: str) -> str:
    """Without control characters: what a PACS says must not steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
