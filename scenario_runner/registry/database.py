"""The registry's SQLite file: opened, given its tables, and its troubles put into words."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 60.0
"""How long to wait for others that write; each holds the file for milliseconds."""
_VERSION = 1
_APPLICATION = 0x46414252
"""``FABR``: tells our file from other SQLite databases."""
_TABLES = """
CREATE TABLE IF NOT EXISTS counter (
    site TEXT NOT NULL,
    rule TEXT NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (site, rule)
) WITHOUT ROWID, STRICT
"""


@contextmanager
def registry_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into a MachineError that a person understands."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _in_words(path, error) from error


@contextmanager
def writable(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that may write, made durable: what is committed outlives a power cut.

    The file and its folder are made when missing. Raises MachineError.
    """
    with registry_errors(path):
        if path.is_dir():
            raise _is_a_folder(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            # Write-ahead logging lets `plan` read while a run writes. Some network file systems
            # lack it, and somebody else may be switching just now: the default is as safe.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            prepare(connection, path)
            yield connection


@contextmanager
def readable(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None when there is no registry yet. Raises MachineError."""
    with registry_errors(path):
        if path.is_dir():
            raise _is_a_folder(path)
        if not path.exists() or path.stat().st_size == 0:
            yield None
            return
        address = path.resolve().as_uri() + "?mode=rw"
        with closing(
            sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        ) as connection:
            # Not mode=ro: such a connection leaves its -wal and -shm files behind when it closes.
            connection.execute("PRAGMA query_only = ON")
            _check_version(connection, path)
            yield connection


def prepare(connection: sqlite3.Connection, path: Path | str) -> None:
    """Make the tables unless they are there."""
    if _check_version(connection, path) == _VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_TABLES)
    connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute("COMMIT")


def _check_version(connection: sqlite3.Connection, path: Path | str) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != _APPLICATION and (tables or version):
        raise MachineError(
            f"'{path}' is a database of another program, not a registry",
            hint="name another file with --registry",
        )
    if version > _VERSION:
        raise MachineError(
            f"the registry '{path}' was made by a newer version of this program",
            hint="update this program, or name another file with --registry",
        )
    return version


def _is_a_folder(path: Path) -> MachineError:
    return MachineError(
        f"the registry '{path}' is a folder", hint="--registry takes the name of a file"
    )


def _in_words(path: Path, error: sqlite3.Error | OSError) -> MachineError:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    match code & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return MachineError(
                f"'{path}' is not a registry: it is some other kind of file",
                hint="name another file with --registry",
            )
        case sqlite3.SQLITE_CORRUPT:
            return MachineError(
                f"the registry '{path}' is damaged",
                hint="put back a copy of it; a new one would hand out old numbers again",
            )
        case sqlite3.SQLITE_FULL:
            return MachineError(
                f"the disk is full: the registry '{path}' cannot be written",
                hint="make room, or name a file on another disk with --registry",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return MachineError(
                f"the registry '{path}' was locked by another process for {BUSY_SECONDS:g} s",
                hint="see which program holds it open; this program never holds it for long",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            reason = "it cannot be opened for writing"
        case _:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return MachineError(
        f"the registry '{path}' cannot be used: {reason}",
        hint="see to its permissions, or name another file with --registry",
    )
