"""Rows for people and for programs: a table, JSON objects, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import click

from scenario_runner.cli.fold import beside, cells, padded, terminal_width

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
        click.echo(_line(columns), nl=False)
    for row in rows:
        print_row(row, columns, style)


def print_row(row: Row, columns: Sequence[str], style: Style) -> None:
    """Print one row for a program."""
    if style == "json":
        click.echo(json.dumps(dict(row), ensure_ascii=False, default=str))
    else:
        click.echo(_line([cell(row.get(name)) for name in columns]), nl=False)


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


def cell(value: Any) -> str:
    """A value of DICOM as text: several with backslashes, items as JSON."""
    if value is None:
        return ""
    if isinstance(value, list) and not any(isinstance(one, Mapping) for one in value):
        return "\\".join(cell(one) for one in value)
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def printable(text: str) -> str:
    """Without control characters: what a PACS says must not steer a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_harmless(value) for value in values])
    return text.getvalue()


def _harmless(value: str) -> str:
    """A spreadsheet takes a text with one of these in front for a formula; a quote keeps it text."""
    return f"'{value}" if value[:1] in ("=", "+", "@", "\t", "\r") else value
