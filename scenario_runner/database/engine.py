"""A database through SQLAlchemy: transactions that read, transactions that write, errors in words."""

from __future__ import annotations

import errno
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from scenario_runner.database.counter_table import NEWEST, PATIENTS
from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.postgresql import DURABLE, PATIENCE, driver
from scenario_runner.database.sqlite_file import (
    BUSY_SECONDS,
    REGISTRY,
    Called,
    make_durable,
    open_to_read,
    version_of,
)
from scenario_runner.database.upgrade import upgrade, version
from scenario_runner.database.words import in_registry_words
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from scenario_runner.database.location import Location

_WRITES = "fabricate_writes"
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_BUSY = (
    f"SELECT set_config('lock_timeout', '{BUSY_SECONDS:.0f}s', false) "
    "WHERE current_setting('lock_timeout') = '0'"
)
"""As a file of SQLite: a process that was stopped with a lock in its hands does not hold all others for ever."""


class Database:
    """A database whose tables are today's as soon as something is written.

    Safe between threads; not to be carried into a forked process. Every error of it is a MachineError
    that names it. busy: many small transactions of several processes: a file of SQLite stays open, and what
    is committed there outlives the death of every process, but not a power cut. called: what errors call a file.
    """

    def __init__(
        self, location: Location, *, busy: bool = False, called: Called = REGISTRY
    ) -> None:
        self.location = location
        self._called = called
        self._ready = False
        self._found = 0
        self._held: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        """Which file the connections that stay open have."""
        self._busy = busy
        self.engine = _engine(location, kept=busy, busy=busy)
        self._reader = _reader(location, kept=busy) if isinstance(location, Path) else self.engine

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self, since: int = PATIENTS) -> Iterator[Connection | None]:
        """A transaction that changes nothing; None while there are no tables to read.

        since: the step of the history that made those to be read; reading brings nothing to today's.
        """
        with in_registry_words(self.location, self._called):
            if not self._there():
                self._require_never_there()
                yield None
                return
            with self._reader.connect() as connection, connection.begin():
                if self._found < NEWEST:
                    self._found = version(connection, self.location)
                yield connection if self._found >= since else None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction, durable when it ends, and nothing of it if it does not end well.

        The tables are made, or those of an older version brought to today's.
        """
        with in_registry_words(self.location, self._called):
            if isinstance(self.location, Path) and not self._there():
                self._require_never_there()
                self.location.parent.mkdir(parents=True, exist_ok=True)
            with self.engine.connect() as connection:
                connection.execution_options(**{_WRITES: True})
                if not self._ready:
                    upgrade(connection, self.location)
                    self._ready = True
                with connection.begin():
                    yield connection

    def stay_open(self) -> None:
        """For a server: keep a file of SQLite open between transactions, and connections to it.

        Whoever closes it last writes its log back and removes it, and to open it takes as long as what most pages ask.
        """
        if isinstance(self.location, Path) and self._held is None and self._there():
            with in_registry_words(self.location, self._called):
                held = sqlite3.connect(self.location, check_same_thread=False)
                held.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                self._held = held
                self.engine.dispose()
                self.engine = _engine(self.location, kept=True, busy=self._busy)
                self._reader.dispose()
                self._reader = _reader(self.location, kept=True)

    def close(self) -> None:
        """Let go of all connections."""
        if self._held is not None:
            self._held.close()
            self._held = None
        self.engine.dispose()
        self._reader.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _require_never_there(self) -> None:
        """Where one was, none is made again: an empty one would hand out old numbers anew, and look well."""
        if self._ready:
            raise FileNotFoundError(errno.ENOENT, "it is gone")

    def _there(self) -> bool:
        if not isinstance(self.location, Path):
            return True
        try:
            found = self.location.stat()
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise
            return False
        file = found.st_dev, found.st_ino
        if file != self._file:
            if self._file is not None:  # it was replaced: what is open is the one before
                self.engine.dispose()
                self._reader.dispose()
            self._file = file
        return stat.S_ISDIR(found.st_mode) or found.st_size > 0


def _engine(location: Location, *, kept: bool, busy: bool) -> Engine:
    """To write with. kept: connections to a file stay open. busy: see ``Database``."""
    if isinstance(location, DatabaseUrl):
        return _server(location)
    memory = location == ":memory:"
    url = URL.create("sqlite", database=None if memory else str(location))
    pool: dict[str, Any] = {"poolclass": QueuePool if memory or kept else NullPool}
    if kept:
        pool |= {"max_overflow": -1}  # SQLite has them wait for each other, and says for how long
    if memory:
        # One connection is the database: a thread waits until another's transaction is over.
        pool |= {"pool_size": 1, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": not memory and not kept},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: object) -> None:
        # Else Python's module begins transactions where it sees fit, and not around what makes tables.
        connection.isolation_level = None
        version_of(connection, str(location))  # nothing of another program's is touched
        make_durable(connection)
        if busy:
            connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        # IMMEDIATE takes the write lock before reading: nobody decides on what is changed meanwhile.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _reader(path: Path, *, kept: bool) -> Engine:
    """For a file that may be on a disk which cannot be written. kept: its connections stay open."""
    # However many read at once, none waits for another's connection.
    pool: dict[str, Any] = {"max_overflow": -1} if kept else {}
    engine = create_engine(
        "sqlite://",
        creator=lambda: open_to_read(path, any_thread=kept),
        poolclass=QueuePool if kept else NullPool,
        **pool,
    )

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _server(location: DatabaseUrl) -> Engine:
    driver("a registry")
    from scenario_runner.database.patience import PatientConnection

    try:
        url = make_url(location.url).set(drivername="postgresql+psycopg")
    except SQLAlchemyError as error:
        raise UsageError(f"'{location}' is not the address of a database") from error
    # A prepared statement is planned for any text that may be looked for: all patients would be read.
    patience = {name: value for name, value in PATIENCE.items() if name not in url.query}
    options: dict[str, Any] = {"prepare_threshold": None, **patience}
    engine = create_engine(
        url, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=options
    )

    @event.listens_for(engine, "do_connect")
    def _(_: object, __: object, given: Any, named: Any) -> Any:
        return PatientConnection.open(*given, **named)

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: object) -> None:
        connection.execute(DURABLE)
        connection.execute(_BUSY)
        connection.commit()

    return engine
