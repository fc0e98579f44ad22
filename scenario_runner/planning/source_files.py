"""The sources ``csv``, ``json`` and ``yaml``: patients in files of their own."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, Field

from scenario_runner.errors import Diagnostic, InvalidInput, Where
from scenario_runner.fields.scalars import plain_scalar
from scenario_runner.fields.types import InputFile, Model, Text
from scenario_runner.language.csv_cells import cell_span, delimiter_of, lines_of
from scenario_runner.language.diagnostic_words import did_you_mean, quoted, some_of
from scenario_runner.language.document import Document
from scenario_runner.language.loader import parse_document
from scenario_runner.language.model import PatientSpec, SeriesSpec, StudySpec
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.origins import Path, path_text
from scenario_runner.planning.sources import SourceContext, Sourced, SourceError

_LEVELS: dict[str, type[Model]] = {"patient": PatientSpec, "study": StudySpec, "series": SeriesSpec}
_BELOW = ("studies", "series", "from", "from_")
_PREFIXES: dict[str, Path] = {
    "patient": (),
    "study": ("studies", 0),
    "series": ("studies", 0, "series", 0),
}
_MAPPINGS = ("tags", "name")
"""Keys that take columns below them: ``tags.PatientComments``, ``name.family``."""


class TableParameters(Model):
    """A table with one patient a row; its first row names the columns."""

    file: InputFile
    """Relative to the scenario."""
    delimiter: Annotated[Text, Field(min_length=1, max_length=1)] | None = None
    """What stands between two cells; by default whichever of ``,`` ``;`` ``|`` and the tab the first row has
    most of."""


class Table:
    """Rows of a CSV file. A column is a key of a patient, else of its study, else of its series.

    ``study.description`` or ``series.description`` where a name alone would mean another level,
    ``tags.KEYWORD`` for an attribute. An empty cell says nothing.
    """

    name = "csv"
    parameters: ClassVar[type[BaseModel]] = TableParameters
    short = "file"
    called = "a table"

    def patients(self, parameters: TableParameters, context: SourceContext) -> Iterator[Sourced]:
        """One for each row, its cells as in a scenario: numbers are numbers, all else is text."""
        file, raw = context.file(parameters.file)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(
                f"'{file}' is not UTF-8: {error.reason}", "save it as UTF-8"
            ) from None
        delimiter = parameters.delimiter or delimiter_of(text)
        lines = lines_of(text)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        before, number = 0, 0
        columns: list[_Column] = []
        ragged: list[Diagnostic] = []
        try:
            for cells in rows:
                line, before = before + 1, rows.line_num
                written = "".join(lines[line - 1 : before])
                if not any(cell.strip() for cell in cells):
                    continue
                if not columns:
                    columns = _columns(cells, _Row(file, line, 0, (), written, delimiter))
                    continue
                number += 1
                row = _Row(file, line, number, tuple(columns), written, delimiter)
                try:
                    tree = row.tree(cells)
                except InvalidInput as error:
                    ragged += error.diagnostics
                    continue
                yield Sourced(tree, row)
        except csv.Error as error:
            where = Where(file, rows.line_num, 1, rows.line_num, 1)
            message = f"this is no row of a table: {error}"
            raise InvalidInput(
                [Diagnostic("FAB317", where, message, "look at the quotes")]
            ) from None
        if not columns:
            raise SourceError(f"'{file}' has no rows", "its first row names the columns")
        if not number:
            raise SourceError(f"'{file}' names columns and has no rows", "a row is a patient")
        if ragged:
            raise InvalidInput(ragged)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Row:
    """One row as the origins of what it says."""

    file: str
    line: int
    number: int
    """From 1, without the one that names the columns."""
    columns: tuple[_Column, ...]
    text: str
    """As it is written."""
    delimiter: str

    def where(self, path: Path, *, key: bool = False) -> Where:
        """The cell of a value, or the row where that has none."""
        del key  # a cell is both
        place = next((at for at, one in enumerate(self.columns) if one.path == path), -1)
        where = replace(self.cell(place), path=path_text(path))
        return replace(where, label=self.label(path))

    def cell(self, place: int) -> Where:
        """A cell by its place, from 0; the row where there is none."""
        return Where(self.file, *cell_span(self.text, self.line, place, self.delimiter))

    def label(self, path: Path) -> str:
        """``row 12 of rows.csv, column 'sex'``."""
        named = next((one.name for one in self.columns if one.path[: len(path)] == path), "")
        column = f", column '{named}'" if named and path else ""
        return f"row {self.number} of {PurePath(self.file).name}{column}"

    def tree(self, cells: list[str]) -> dict[str, Any]:
        """The patient of the row. Raises InvalidInput for a cell without a column, and a column without a cell."""
        beyond = any(cell.strip() for cell in cells[len(self.columns) :])
        if beyond or len(cells) < len(self.columns):
            has = f"{len(cells)} cell{'' if len(cells) == 1 else 's'}"
            message = f"the row has {has}, and there are {len(self.columns)} columns"
            hint = "put cells that hold the delimiter in double quotes; an empty cell needs its delimiter"
            raise InvalidInput([Diagnostic("FAB317", self.where(()), message, hint)])
        tree: dict[str, Any] = {}
        for column, cell in zip(self.columns, cells, strict=False):
            if cell.strip():
                _put(tree, column.path, _value(cell.strip()))
        return tree


def _value(cell: str) -> Any:
    value = plain_scalar(cell)
    return cell if value is None else value


def _put(tree: dict[str, Any], path: Path, value: Any) -> None:
    """Set a value below lists of one item."""
    for part, following in itertools.pairwise(path):
        if isinstance(part, int):
            continue
        if isinstance(following, int):
            items = tree.setdefault(part, [{}])
            tree = items[0]
        else:
            tree = tree.setdefault(part, {})
    tree[str(path[-1])] = value


def _columns(names: list[str], row: _Row) -> list[_Column]:
    """What each column is. row: of the names. Raises InvalidInput for names that mean nothing, or twice the same."""
    columns: list[_Column] = []
    found: list[Diagnostic] = []
    for place, name in enumerate(given.strip() for given in names):
        path = _path(name)
        if path is None:
            known = list(dict.fromkeys(key for model in _LEVELS.values() for key in _keys(model)))
            message = f"there is no column {quoted(name)}{did_you_mean(name, known)}"
            hint = f"a column is a key of a patient, a study or a series: {some_of(known, 40)}"
            found.append(Diagnostic("FAB317", row.cell(place), message, hint))
        elif any(column.path == path for column in columns):
            message = f"the column {quoted(name)} is here a second time"
            found.append(Diagnostic("FAB317", row.cell(place), message))
        else:
            columns.append(_Column(name, path))
    if found:
        raise InvalidInput(found)
    return columns


def _path(name: str) -> Path | None:
    """Where the values of a column go; None for a name that means nothing."""
    level, dot, rest = name.partition(".")
    levels = {level: _LEVELS[level]} if dot and level in _LEVELS else _LEVELS
    key, _, below = (rest if dot and level in _LEVELS else name).partition(".")
    for level, model in levels.items():
        if key in _keys(model) and (not below or key in _MAPPINGS):
            return (*_PREFIXES[level], key, below) if below else (*_PREFIXES[level], key)
    return None


def _keys(model: type[Model]) -> list[str]:
    return [name for name in model.model_fields if name not in _BELOW]


class FileParameters(Model):
    """A file with patients."""

    file: InputFile
    """Relative to the scenario."""


class PatientFile:
    """Patients written as in a scenario, in a JSON or YAML file: a list, or a mapping with ``patients``."""

    parameters: ClassVar[type[BaseModel]] = FileParameters
    short = "file"
    called = "a file"

    def __init__(self, name: str) -> None:
        self.name = name

    def patients(self, parameters: FileParameters, context: SourceContext) -> Iterator[Sourced]:
        """One for each item."""
        file, raw = context.file(parameters.file)
        try:
            document = parse_document(raw.decode("utf-8-sig"), file)
        except UnicodeDecodeError as error:
            raise SourceError(
                f"'{file}' is not UTF-8: {error.reason}", "save it as UTF-8"
            ) from None
        data: Any = document.data
        path: Path = ()
        if isinstance(data, dict) and "patients" in data:
            data, path = data["patients"], ("patients",)
        if not isinstance(data, list):
            message = "patients are a list of mappings"
            raise InvalidInput([Diagnostic("FAB317", document.where(path), message)])
        for index, tree in enumerate(data):
            if not isinstance(tree, dict):
                message = f"patient {index + 1} must be a mapping"
                raise InvalidInput([Diagnostic("FAB317", document.where((*path, index)), message)])
            yield Sourced(tree, _Below(document, (*path, index)))


@dataclass(frozen=True, slots=True)
class _Below:
    """The origins of what lies at a path of a document."""

    document: Document
    path: Path

    def where(self, path: Path, *, key: bool = False) -> Where:
        """Where it stands in the file."""
        return self.document.where((*self.path, *path), key=key)


TABLE, JSON_FILE, YAML_FILE = Table(), PatientFile("json"), PatientFile("yaml")
