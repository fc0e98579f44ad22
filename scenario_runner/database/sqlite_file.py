"""A file of SQLite: opened durably, known as ours, and its troubles put into words.

Python's own SQLite is enough for it, so that a run that only counts loads nothing else.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.database.counter_table import APPLICATION, FIRST, NEWEST, counter_table
from scenario_runner.errors import MachineError, is_disk_full
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

BUSY_SECONDS = 60.0
"""How long to wait for others that write; each holds the file for milliseconds."""
_NO_ROOM = 1 << 16
"""Bytes that SQLite needs to open a file that several processes use (its shared memory)."""


@contextmanager
def registry_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into a MachineError that a person understands."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise in_words(path, error) from error


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
            make_durable(connection)
            prepare(connection, path)
            yield connection


def make_durable(connection: sqlite3.Connection) -> None:
    """What is committed outlives a power cut, and who reads does not wait for who writes."""
    # Some network file systems lack write-ahead logging, and somebody else may be switching just
    # now: the default is as safe.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


@contextmanager
def readable(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that cannot write; None when there is no registry yet. Raises MachineError."""
    with registry_errors(path):
        if path.is_dir():
            raise _is_a_folder(path)
        if not path.exists() or path.stat().st_size == 0:
            yield None
            return
        with closing(open_to_read(path)) as connection:
            yield connection


def open_to_read(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    """A connection to a registry that cannot write, also where this user or the disk allows no writing.

    Raises MachineError for what is no registry of ours, sqlite3.Error.
    """
    # Not mode=ro to begin with: such a connection leaves its -wal and -shm files behind when it closes.
    # The last way is for a folder in which these cannot be made: what is in the file is all there is then.
    for how in ("mode=rw", "mode=ro", "immutable=1"):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=not any_thread,
        )
        try:
            connection.execute("PRAGMA query_only = ON")
            version_of(connection, path)
        except BaseException as error:
            connection.close()
            if how == "immutable=1" or not _cannot_write(error) or _has_log(path, how):
                raise
        else:
            return connection
    raise AssertionError("the last way ends with one or the other")


def _cannot_write(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def _has_log(path: Path, how: str) -> bool:
    """Whether the next way would pass over what others have written and not yet put into the file."""
    log = path.with_name(f"{path.name}-wal")
    return how == "mode=ro" and log.exists() and log.stat().st_size > 0


def prepare(connection: sqlite3.Connection, path: Path | str) -> None:
    """Make the table of counters unless it is there."""
    if version_of(connection, path) >= FIRST:
        return
    connection.execute("BEGIN IMMEDIATE")
    if version_of(connection, path) < FIRST:  # nobody else has made them meanwhile
        connection.execute(counter_table("sqlite"))
        connection.execute(f"PRAGMA user_version = {FIRST}")
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute("COMMIT")


def version_of(connection: sqlite3.Connection, path: Path | str) -> int:
    """Which step of the history the file has; 0 for a new one.

    Raises MachineError for a database of another program or of a newer version of this one.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    tables: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != APPLICATION and (tables or version):
        raise MachineError(
            f"'{path}' is a database of another program, not a registry",
            hint="name another file with --registry",
        )
    if version > NEWEST:
        raise newer(path)
    return version


def newer(registry: object) -> MachineError:
    """A registry that a later version of this program has changed."""
    return MachineError(
        f"the registry '{registry}' was made by a newer version of this program",
        hint="update this program, or name another one with --registry",
    )


def _is_a_folder(path: Path) -> MachineError:
    return MachineError(
        f"the registry '{path}' is a folder", hint="--registry takes the name of a file"
    )


@dataclass(frozen=True, slots=True)
class Called:
    """What people call a database, and how they say that another file is to be it."""

    name: str
    another: str
    renewed: str
    """What comes of a damaged one."""


REGISTRY: Final = Called(
    "registry",
    "name another file with --registry",
    "put back a copy of it; a new one would hand out old numbers again",
)


def in_words(
    path: Path | str, error: sqlite3.Error | OSError, called: Called = REGISTRY
) -> MachineError:
    """What SQLite or the file system said, as a sentence with a way out."""
    name = f"{called.name} '{path}'"
    match (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return MachineError(
                f"'{path}' is not a {called.name}: it is some other kind of file",
                hint=called.another,
            )
        case sqlite3.SQLITE_CORRUPT:
            return MachineError(
                f"the {name} is damaged",
                hint=called.renewed,
            )
        case _ if _is_full(Path(path), error):
            return MachineError(
                f"the disk is full: the {name} cannot be written",
                hint=f"make room on it, or {called.another}",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return MachineError(
                f"the {name} was locked by another process for {BUSY_SECONDS:g} s",
                hint="see which program holds it open; this program never holds it for long",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            reason = "it cannot be opened for writing"
        case _:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return MachineError(
        f"the {name} cannot be used: {reason}",
        hint=f"see to its permissions, or {called.another}",
    )


def _is_full(path: Path, error: sqlite3.Error | OSError) -> bool:
    """Whether there was no room, which SQLite calls an I/O error where it cannot make the file beside the database."""
    if is_disk_full(error):
        return True
    code = getattr(error, "sqlite_errorcode", 0) or 0
    if code & 0xFF != sqlite3.SQLITE_IOERR:
        return False
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False
