"""The rows of a table that a scenario is run for: ``rows: people.csv``, one case a row.

A cell of a CSV file is text as written; values of a JSON or YAML file are typed as those of a scenario.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path, PurePath
from typing import Any

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.language.csv_cells import cell_span, delimiter_of, lines_of, misnamed
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.language.loader import parse_document
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.reading import read_at_most

MOST_ROWS = 1_000
MAX_BYTES = 8 * 1024 * 1024

Reader = Callable[[Path], bytes]
"""The content of a file. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: its columns, and in each row a value for each of them."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    lines: tuple[int, ...] = ()
    """Of each row, the line of the file that it begins in."""
    content: bytes = field(default=b"", repr=False)
    """Of the file."""

    def labels(self) -> list[str]:
        """What each row is called in the name of its case: its first cell where that tells them apart."""
        first = [str(row[self.columns[0]]).strip() for row in self.rows]
        apart = all(first) and len(set(first)) == len(first)
        return first if apart else [str(number) for number in range(1, len(self.rows) + 1)]


def headings(rows: Rows) -> Mapping[str, Where]:
    """Where each column is named: in the first line, or in the first row of a JSON or YAML file."""
    text = rows.content.decode("utf-8-sig")
    if PurePath(rows.file).suffix.lower() != ".csv":
        document = parse_document(text, rows.file)
        return {name: document.where((0, name), key=True) for name in rows.columns}
    delimiter, lines = delimiter_of(text), lines_of(text)
    reader = csv.reader(lines, delimiter=delimiter)
    before = 0
    while not any(cell.strip() for cell in next(reader)):
        before = reader.line_num
    row = "".join(lines[before : reader.line_num])
    return {
        name: Where(rows.file, *cell_span(row, before + 1, place, delimiter))
        for place, name in enumerate(rows.columns)
    }


def read_file(path: Path) -> bytes:
    """A file, bounded. Raises OSError."""
    return read_at_most(path, MAX_BYTES + 1)


def read_rows(name: str, path: Path, asked: Where, read: Reader = read_file) -> Rows:
    """The rows of a file. asked: where the scenario names it. Raises InvalidInput."""
    kind = PurePath(name).suffix.lower()
    if "{{" in name:
        hint = "no template can stand here: name the file, or draw patients from: {csv: …}"
        raise _wrong(asked, f"{quoted(name)} is no table", hint)
    if kind not in _KINDS:
        raise _wrong(asked, f"{quoted(name)} is no table", "rows come from .csv, .json and .yaml")
    try:
        raw = read(path)
    except FileNotFoundError:
        raise InvalidInput(
            [
                Diagnostic(
                    "FAB120", asked, f"there is no file {quoted(name)}",
                    "it is looked for from the folder of this file",
                )
            ]
        ) from None  # fmt: skip
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _wrong(asked, f"{quoted(name)} cannot be read: {reason}") from None
    file = str(path)
    if len(raw) > MAX_BYTES:
        raise _wrong(asked, f"{quoted(name)} is larger than {MAX_BYTES // 2**20} MiB", "split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = Where(file, line, 1, line, 1)
        raise _wrong(
            where, f"byte 0x{raw[error.start]:02X} is not UTF-8", "save it as UTF-8"
        ) from None
    found = _KINDS[kind](text, file)
    if not found.rows:
        raise _wrong(
            Where(file), "the table has no rows", "the first line of a CSV file names the columns"
        )
    if len(found.rows) > MOST_ROWS:
        raise _wrong(
            Where(file),
            f"the table has {len(found.rows)} rows; {MOST_ROWS} is the limit",
            "split it",
        )
    return replace(found, content=raw)


def _wrong(where: Where, message: str, hint: str | None = None) -> InvalidInput:
    return InvalidInput([Diagnostic("FAB318", where, message, hint)])


def _table(text: str, file: str) -> Rows:
    delimiter = delimiter_of(text)
    whole = lines_of(text)
    reader = csv.reader(whole, delimiter=delimiter, strict=True)
    columns: list[str] = []
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    found: list[Diagnostic] = []
    before = 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            where = Where(file, line, 1, line, 1)
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip() for cell in cells]
                for place, message, hint in misnamed(columns):
                    row = "".join(whole[line - 1 : before])
                    where = Where(file, *cell_span(row, line, place, delimiter))
                    found.append(Diagnostic("FAB318", where, message, hint))
            elif len(cells) != len(columns):
                message = f"the row has {_cells(len(cells))}, and there are {len(columns)} columns"
                hint = f"put cells that hold '{delimiter}' in double quotes; an empty cell needs its '{delimiter}'"
                found.append(Diagnostic("FAB318", where, message, hint))
            else:
                rows.append(dict(zip(columns, cells, strict=True)))
                lines.append(line)
    except csv.Error as error:
        where = Where(file, before + 1, 1, before + 1, 1)
        raise _wrong(
            where,
            f"this is no row of a table: {error}",
            "a double quote within quotes is written twice",
        ) from None
    if found:
        raise InvalidInput(found)
    return Rows(file, tuple(columns), tuple(rows), tuple(lines))


def _cells(number: int) -> str:
    return "1 cell" if number == 1 else f"{number} cells"


def _document(text: str, file: str) -> Rows:
    document = parse_document(text, file)
    data = document.data
    if not isinstance(data, list):
        hint = "write - {id: PID1, name: CITIZEN^JANE}"
        raise _wrong(document.where(()), "rows are a list of mappings", hint)
    columns = list(data[0]) if data and isinstance(data[0], dict) else []
    found: list[Diagnostic] = []
    for place, row in enumerate(data):
        where = document.where((place,))
        if not isinstance(row, dict) or not row:
            found.append(
                Diagnostic(
                    "FAB318", where, f"row {place + 1} must be a mapping of columns to values"
                )
            )
            continue
        missing = [name for name in columns if name not in row]
        more = [name for name in row if name not in columns]
        if missing or more:
            message = (
                f"row {place + 1} has no {quoted(missing[0])}"
                if missing
                else f"row {place + 1} has {quoted(more[0])}, which the first one does not have"
            )
            found.append(
                Diagnostic(
                    "FAB318", where, message, "give every row the same columns; null is a value"
                )
            )
    if found:
        raise InvalidInput(found)
    lines = (document.where((place,)).line for place in range(len(data)))
    return Rows(file, tuple(columns), tuple(data), tuple(lines))


_KINDS: Mapping[str, Callable[[str, str], Rows]] = {
    ".csv": _table, ".json": _document, ".yaml": _document, ".yml": _document,
}  # fmt: skip
