"""Rows for people and for programs: a table, JSON objects, or CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import click

Style = Literal["text", "json", "csv"]
Row = Mapping[str, Any]

_WIDEST = 100_000


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

    Where output goes to a terminal, a table is folded to its width; elsewhere nothing is cut.
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
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(value)) for value in row))
    if sys.stdout.isatty():
        Console().print(table)
        return
    text = io.StringIO()
    Console(file=text, width=_WIDEST, color_system=None).print(table)
    for line in text.getvalue().splitlines():
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
