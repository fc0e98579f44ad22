"""The tables and statements of the index in PostgreSQL's words.

Texts are compared byte by byte, as SQLite compares them: an order of its own language would find other names between
two. They may be as long as they like, which a B-tree refuses, so they are found by SP-GiST, and by hashes where nobody asks
for a beginning.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from scenario_runner.archive.schema import COLUMNS, NAMES, TABLE, above, columns_beside
from scenario_runner.dicom.levels import LEVELS

if TYPE_CHECKING:
    import psycopg

_TEXT: Final = 'TEXT COLLATE "C" NOT NULL'
_HASHED: Final = (
    ("patients", "PatientID"), ("studies", "StudyInstanceUID"), ("series", "SeriesInstanceUID"), ("instances", "file"),
)  # fmt: skip
_BEGINNINGS: Final = (
    ("patients", "PatientID"), ("studies", "PatientID"), ("studies", "AccessionNumber"), ("studies", "StudyDate"),
    ("series", "Modality"), ("patient_names", "folded"), ("study_names", "folded"),
)  # fmt: skip
TABLES: Final = (*TABLE.values(), *NAMES.values())
_LISTED: Final = re.compile(r"replace\(group_concat\(DISTINCT ([\w.]+)\), ',', '\\'\)")
_WORDS: Final = (
    ("instr(", "strpos("),
    ("SELECT value FROM json_each(?)", "SELECT value::bigint FROM json_array_elements_text(?::json)"),
    ("?", "%s"),
)  # fmt: skip
_ESCAPE: Final = "\1"
"""Begins what stands for NUL, which SQLite takes in a text and PostgreSQL does not, and for itself; what sorts before
another text still does."""
_ESCAPED: Final = re.compile("\1[\1\2]")


@lru_cache(1024)
def translated(sql: str) -> str:
    """A statement in SQLite's words, with names of ours and no values in it, in PostgreSQL's."""
    said = _LISTED.sub(r"string_agg(DISTINCT \1, chr(92))", sql)
    for theirs, ours in _WORDS:
        said = said.replace(theirs, ours)
    return said


def stored_value(value: object) -> object:
    """A value as it is kept, or looked for."""
    if isinstance(value, str) and ("\0" in value or _ESCAPE in value):
        return value.replace(_ESCAPE, "\1\2").replace("\0", "\1\1")
    return value


class Latest:
    """Stands for the number of the row that was added to a table last, on this connection."""

    def __init__(self, table: str) -> None:
        self.sql = f"currval(pg_get_serial_sequence('{table}', 'id'))"


def with_latest(sql: str, values: Sequence[object]) -> tuple[str, list[object]]:
    """A translated statement in which what stands for a number is written out, and its other values."""
    if not any(isinstance(one, Latest) for one in values):
        return sql, list(values)
    parts = sql.split("%s")
    said = [one.sql if isinstance(one, Latest) else "%s" for one in values]
    whole = "".join(itertools.chain(*zip(parts, [*said, ""], strict=True)))
    return whole, [one for one in values if not isinstance(one, Latest)]


class Fetched:
    """Rows that have come along with others."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = iter(rows)

    def fetchone(self) -> Any:
        """The next row; None behind the last."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """Those that are left."""
        return list(self._rows)

    def __iter__(self) -> Iterator[Any]:
        return self._rows


class Given:
    """Rows with values as they were before they were kept."""

    def __init__(self, found: psycopg.Cursor[Any] | Fetched) -> None:
        self._found = found

    def fetchone(self) -> Any:
        """The next row; None behind the last."""
        row = self._found.fetchone()
        return None if row is None else _given(row)

    def fetchall(self) -> list[Any]:
        """Those that are left."""
        return [_given(row) for row in self._found.fetchall()]

    def __iter__(self) -> Iterator[Any]:
        return map(_given, self._found)


def _given(row: Sequence[Any]) -> Sequence[Any]:
    for value in row:
        if value.__class__ is str and _ESCAPE in value:
            return tuple(_ESCAPED.sub(_meant, one) if isinstance(one, str) else one for one in row)
    return row


def _meant(escaped: re.Match[str]) -> str:
    return "\0" if escaped[0] == "\1\1" else _ESCAPE


def statements() -> Iterator[str]:
    """SQL that makes the tables."""
    yield f"CREATE TABLE about (version INTEGER NOT NULL, studies {_TEXT}, complete INTEGER NOT NULL)"
    for level in LEVELS:
        columns = ["id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"]
        if level != "PATIENT":
            columns.append(f"parent BIGINT NOT NULL REFERENCES {above(level)} ON DELETE CASCADE")
        columns += [f"{keyword} {_TEXT}" for keyword in COLUMNS[level]]
        columns += [
            f"{name} {_TEXT if kind == 'TEXT' else 'BIGINT NOT NULL'}"
            for name, kind in columns_beside(level)
        ]
        if level == "IMAGE":
            columns.append("EXCLUDE USING hash (SOPInstanceUID WITH =)")
        yield f"CREATE TABLE {TABLE[level]} ({', '.join(columns)})"
    for level, table in NAMES.items():
        yield (
            f"CREATE TABLE {table} (folded {_TEXT}, owner BIGINT NOT NULL"
            f" REFERENCES {TABLE[level]} ON DELETE CASCADE)"
        )
    yield from indexes()


def indexes() -> Iterator[str]:
    """SQL that makes what is searched by, where it is not there yet: one may come without a new version."""
    for level in LEVELS:
        table = TABLE[level]
        yield f"CREATE INDEX IF NOT EXISTS {table}_irregular ON {table} (irregular) WHERE irregular = 1"
        if level != "PATIENT":
            yield f"CREATE INDEX IF NOT EXISTS {table}_parent ON {table} (parent)"
    for table in NAMES.values():
        yield f"CREATE INDEX IF NOT EXISTS {table}_owner ON {table} (owner)"
    for table, column in _HASHED:
        yield f"CREATE INDEX IF NOT EXISTS {table}_{column}_is ON {table} USING hash ({column})"
    for table, column in _BEGINNINGS:
        # Thousands of empty ones stand beside each other, and whoever looks for another text would see all of them.
        yield (
            f"CREATE INDEX IF NOT EXISTS {table}_{column} ON {table} USING spgist ({column})"
            f" WHERE {column} <> ''"
        )
