"""Rows for people and for programs: a table, JSON objects, or CSV."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import click

from scenario_runner.app.row_texts import cell, csv_line
from scenario_runner.cli.wrapping import (
    beside,
    cells,
    json_text,
    padded,
    printable,
    terminal_width,
)

Style = Literal["text", "json", "csv"]
Row = Mapping[str, Any]

_GAP = "   "


def style_option(function: Any) -> Any:
    """``--format``."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(["text", "json", "csv"]),
        default="text",
        help="A table for people, an object a line, or comma-separated values.",
    )(function)


def print_rows(rows: Iterable[Row], columns: Sequence[str], style: Style) -> None:
    """Print rows as they come; a table only when all are there.

    On a terminal that is too narrow for a table, each row becomes lines of names and values; elsewhere
    nothing is folded and nothing cut. Without rows there is no table.
    """
    if style == "text":
        print_table([[cell(row.get(name)) for name in columns] for row in rows], columns)
        return
    if style == "csv":
        _print_csv(columns)
    for row in rows:
        print_row(row, columns, style)


def print_row(row: Row, columns: Sequence[str], style: Style) -> None:
    """Print one row for a program."""
    if style == "json":
        click.echo(json_text(dict(row)))
    else:
        _print_csv([cell(row.get(name)) for name in columns])


def _print_csv(values: Sequence[str]) -> None:
    """A file gets the values as they are; to a terminal a PACS could say what to do."""
    values = list(map(printable, values)) if sys.stdout.isatty() else values
    click.echo(csv_line(values), nl=False)


def print_table(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    """A table for a person."""
    if not rows:
        return
    shown = [[printable(value) for value in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(columns, *shown, strict=True)]
    room = terminal_width()
    if room is not None and sum(widths) + len(_GAP) * (len(widths) - 1) > room:
        _print_records(shown, columns, room)
        return
    _print_line(columns, widths)
    click.echo(_GAP.join("─" * width for width in widths))
    for row in shown:
        _print_line(row, widths)


def _print_line(values: Sequence[str], widths: Sequence[int]) -> None:
    pairs = zip(values, widths, strict=True)
    click.echo(_GAP.join(padded(value, width) for value, width in pairs).rstrip())


def _print_records(rows: Sequence[Sequence[str]], columns: Sequence[str], room: int) -> None:
    name_width = max(map(cells, columns))
    for number, row in enumerate(rows):
        if number:
            click.echo()
        for name, value in zip(columns, row, strict=True):
            for line in beside(padded(name, name_width), value, 0, room):
                click.echo(line.rstrip())
