"""A picture on a terminal: in pixels where the terminal says that it can, else in half blocks or letters."""

from __future__ import annotations

import os
import select
import struct
import sys
from typing import TYPE_CHECKING, Literal

import click

from scenario_runner.cli.tree import palette, room
from scenario_runner.imaging import terminal_graphics
from scenario_runner.imaging.terminal import draw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from scenario_runner.imaging.terminal import Colors

Way = Literal["kitty", "iterm", "sixel", "blocks"]

VARIABLE = "FABRICATE_GRAPHICS"
"""Environment variable that says how, for a terminal that says it wrongly."""
_WAYS: tuple[Way, ...] = ("kitty", "iterm", "sixel", "blocks")
_PATIENCE = 0.5
"""Seconds a terminal has to say what it is; over a slow line it takes a while."""
_CELL = (8, 16)
"""Pixels of a character where the terminal does not say."""


def show(image: Image.Image, colors: Colors | None = None, *, rows: int | None = None) -> None:
    """Draw an image on stdout, as large as fits. colors: asks for characters in these.

    rows: at most so many lines of text.
    """
    columns, most = room()
    most = min(most, rows or most)
    chosen = way(os.environ) if colors is None and sys.stdout.isatty() else "blocks"
    if chosen == "blocks":
        for line in draw(image, palette(colors), columns, most):
            click.echo(line, color=True)
        return

    width, height = _cell()
    scale = min(columns * width / image.width, most * height / image.height, 1.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    image = image.convert("RGB").resize(size)
    cells = (-(-size[0] // width), -(-size[1] // height))
    if chosen == "sixel":
        click.echo(terminal_graphics.sixel(image), color=True)
    elif chosen == "kitty":
        click.echo(terminal_graphics.kitty(image, *cells), color=True)
    else:
        click.echo(terminal_graphics.iterm(image, *cells), color=True)


def way(environ: Mapping[str, str]) -> Way:
    """How this terminal shows pictures, by what it says of itself.

    Inside of tmux and screen, which pass no pictures on, in blocks.
    """
    asked = environ.get(VARIABLE, "")
    if asked in _WAYS:
        return asked
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if "TMUX" in environ or term.startswith(("screen", "tmux")) or term in ("", "dumb", "linux"):
        return "blocks"
    if "KITTY_WINDOW_ID" in environ or term in ("xterm-kitty", "xterm-ghostty"):
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environ.get("LC_TERMINAL") == "iTerm2":
        return "iterm"
    return "sixel" if _says_sixel() else "blocks"


def _says_sixel() -> bool:
    """Ask for the primary device attributes: a 4 among them means sixels."""
    answer = _asked("\x1b[c", b"c")
    return b"4" in answer.partition(b"?")[2].rstrip(b"c").split(b";")


def _cell() -> tuple[int, int]:
    """Width and height of a character in pixels, as the system has it."""
    try:
        import fcntl
        import termios

        packed = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError):
        return _CELL
    rows, columns, width, height = struct.unpack("4H", packed)
    if not (rows and columns and width and height):
        return _CELL
    return max(1, width // columns), max(1, height // rows)


def _asked(question: str, end: bytes) -> bytes:
    """What the terminal answers to an escape sequence; nothing where it cannot be asked.

    Whatever comes too late is thrown away: it must not answer a question that a person is asked.
    """
    try:
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (ImportError, OSError, ValueError):
        return b""
    answer = b""
    try:
        tty.setcbreak(descriptor)
        sys.stdout.write(question)
        sys.stdout.flush()
        while not answer.endswith(end) and len(answer) < 200:
            if not select.select([descriptor], [], [], _PATIENCE)[0]:
                break
            answer += os.read(descriptor, 100)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
    return answer
