"""The tree of a DICOM file on a terminal, or as plain lines where there is none."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from scenario_runner.imaging.terminal import HALF

if TYPE_CHECKING:
    from rich.text import Text

    from scenario_runner.conformance.dicom_file import DicomFile
    from scenario_runner.conformance.tree import Line
    from scenario_runner.imaging.terminal import Colors

_NAME = 34
_WIDEST = 1_000_000
_MOST_ELSEWHERE = 20


def show(read: DicomFile, *, columns: int | None, colors: Colors | None) -> None:
    """Print all elements, then the findings that belong to none of them.

    columns: where there is no terminal; None cuts nothing anywhere. colors: None asks the terminal.
    """
    from rich.console import Console

    terminal = sys.stdout.isatty()
    if columns is not None and terminal:
        columns = shutil.get_terminal_size().columns
    known = palette(colors)
    console = Console(
        width=_WIDEST,
        highlight=False,
        markup=False,
        soft_wrap=True,
        force_terminal=known != "none",
        color_system=None if known == "none" else known,
    )
    for text in _texts(read):
        if columns is not None:
            text.truncate(columns, overflow="ellipsis")
        if known == "none":
            click.echo(text.plain)
        else:
            console.print(text)


def palette(colors: Colors | None) -> Colors:
    """As asked for, else what the terminal says of itself."""
    from rich.console import Console

    if colors is not None:
        return colors
    try:
        HALF.encode(sys.stdout.encoding or "ascii")
    except UnicodeError:
        return "none"
    console = Console()
    if console.no_color:
        return "none"
    system = console.color_system
    return "truecolor" if system == "truecolor" else "256" if system == "256" else "none"


def room() -> tuple[int, int]:
    """Columns and rows that an image may take."""
    size = shutil.get_terminal_size((100, 40))
    return min(size.columns, 160), max(10, size.lines - 2)


def _texts(read: DicomFile) -> Iterator[Text]:
    from rich.text import Text

    from scenario_runner.conformance.standard import judge
    from scenario_runner.conformance.tree import elsewhere, lines, visible

    findings = judge(read)
    for line in lines(read, findings):
        yield _text(line)
        for fault in line.faults:
            yield Text(f"{'  ' * line.depth}  ! {fault}", style="red")
    rest = elsewhere(read, findings)
    for one in rest[:_MOST_ELSEWHERE]:
        about = f"{one.attribute} " if one.attribute else ""
        yield Text(visible(f"{one.severity}: {about}{one.message}"), style="red")
    if len(rest) > _MOST_ELSEWHERE:
        yield Text(f"… and {len(rest) - _MOST_ELSEWHERE} more: fabricate check", style="red")


def _text(line: Line) -> Text:
    from rich.text import Text

    indent = "  " * line.depth
    if line.tag is None:
        return Text(f"{indent}{line.name}", style="dim")
    text = Text(indent)
    text.append(f"({line.tag >> 16:04x},{line.tag & 0xFFFF:04x})", style="dim")
    text.append(f" {line.vr} ", style="magenta")
    text.append(line.name.ljust(max(0, _NAME - len(indent))), style="cyan")
    text.append(f" {line.value}")
    return text
