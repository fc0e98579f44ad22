"""A whole database into a file of SQLite, and back into an empty one of either kind."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import DateTime, MetaData, Table, inspect, literal, select, text

from scenario_runner.database.engine import Database
from scenario_runner.database.words import in_registry_words
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.location import Location

_ROWS: Final = 1_000
_OF_HISTORY: Final = "alembic_version"
_MADE_FROM_PATIENTS: Final = "patient_t"
"""What the names of SQLite's own index of trigrams begin with: not of the history, and filled anew."""


def copy_out(connection: Connection, target: Path) -> None:
    """Write what a transaction sees into a new file of SQLite. Raises what drivers raise.

    connection: in a transaction that nobody changes anything beside.
    """
    if connection.dialect.name == "sqlite":
        (_, _, source), *_ = connection.exec_driver_sql("PRAGMA database_list").all()
        if source:
            # Another connection sees what is committed: all of it, for who copies holds the lock to write.
            with (
                closing(sqlite3.connect(Path(source).resolve().as_uri(), uri=True)) as reader,
                closing(sqlite3.connect(target)) as writer,
            ):
                reader.backup(writer)
            return
    with Database(target) as copy, copy.writing() as written:
        _copy_tables(connection, written)


def is_empty(location: Location) -> bool:
    """Whether there is nothing of ours yet, or tables without a row: what a copy leaves that has failed."""
    if isinstance(location, Path):
        return not location.exists() or location.stat().st_size == 0
    with (
        Database(location) as database,
        in_registry_words(location),
        database.engine.connect() as connection,
    ):
        if _OF_HISTORY not in inspect(connection).get_table_names():
            return True
        tables = MetaData()
        tables.reflect(connection)
        return not any(
            connection.execute(select(literal(1)).select_from(one).limit(1)).first()
            for one in tables.tables.values()
            if one.name != _OF_HISTORY
        )


def copy_in(source: Path, location: Location) -> None:
    """Fill an empty database from a file that ``copy_out`` has written.

    Raises UsageError when it is not empty, MachineError when it cannot be used.
    """
    if not is_empty(location):
        raise UsageError(
            f"'{location}' has something in it already, and is left as it is",
            hint="name a new file or an empty database with --database",
        )
    if isinstance(location, Path):
        part = location.with_name(f"{location.name}.part")
        with in_registry_words(location):
            location.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            try:
                with (
                    closing(sqlite3.connect(source)) as reader,
                    closing(sqlite3.connect(part)) as writer,
                ):
                    reader.backup(writer)
                part.replace(location)
            except BaseException:
                with suppress(OSError):
                    part.unlink(missing_ok=True)
                raise
        return
    with Database(source) as copy:
        with copy.writing():
            pass  # a backup of an older version is brought to today's tables
        with copy.reading() as rows, Database(location) as database:
            assert rows is not None
            with database.writing() as written:
                _copy_tables(rows, written)
                _go_on_counting(written)


def _copy_tables(source: Connection, target: Connection) -> None:
    tables = MetaData()
    wanted = set(inspect(target).get_table_names()) - {_OF_HISTORY}
    tables.reflect(
        source,
        only=lambda name, _: name in wanted and not name.startswith(_MADE_FROM_PATIENTS),
    )
    for table in tables.sorted_tables:
        found = source.execute(select(table)).mappings()
        while rows := found.fetchmany(_ROWS):
            target.execute(table.insert(), [_values(table, dict(row)) for row in rows])
    if target.dialect.name == "sqlite" and "patient_trigram" in wanted:
        target.exec_driver_sql("INSERT INTO patient_trigram(patient_trigram) VALUES ('rebuild')")


def _values(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """Moments are in UTC on both sides; SQLite does not say so."""
    for column in table.columns:
        value = row[column.name]
        if isinstance(column.type, DateTime) and isinstance(value, dt.datetime):
            moment = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value
            row[column.name] = moment.astimezone(dt.UTC)
    return row


def _go_on_counting(target: Connection) -> None:
    """PostgreSQL numbers rows by sequences, which know nothing of rows that brought their numbers along."""
    found = target.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND column_default LIKE 'nextval(%'"
        )
    ).all()
    for table, column in found:
        target.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), "  # noqa: S608
                f'greatest(1, coalesce((SELECT max("{column}") FROM "{table}"), 1)))'
            )
        )
