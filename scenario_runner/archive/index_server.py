"""An index in a database of a PostgreSQL server, which several machines may have together.

One connection writes, a few read. Who writes holds a lock of the database's own to the end of the transaction, so that
nobody else writes in between, on whatever machine. A connection that the server has ended is replaced as soon as
something is asked; what had begun on it is told as a ``ServerError``.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from scenario_runner.archive import postgresql
from scenario_runner.archive.gathering import Gathering
from scenario_runner.archive.schema import VERSION
from scenario_runner.archive.server_error import ServerError
from scenario_runner.archive.server_line import SCHEMA, Line, Server
from scenario_runner.errors import MachineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scenario_runner.database.location import DatabaseUrl

Result = TypeVar("Result")

_LOCK: Final = 0x46414249
"""``FABI``, the advisory lock that whoever writes holds."""
_READERS: Final = 4
_BEGIN: Final = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_LOCK})"
_BEGIN_WHATEVER_IT_TAKES: Final = f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({_LOCK})"


class IndexServer:
    """A database of a server, as an index needs it; nothing is spoken before ``is_current``.

    studies: where the studies are that it is the index of. joining: its owner has seen to the tables, so that a process
    which begins while the server is away can say so to its peers. Raises UsageError as ``Server``; for all else ServerError.
    """

    def __init__(self, location: DatabaseUrl, studies: str, *, joining: bool = False) -> None:
        self._server = Server(location)
        self._location = location
        self._studies = studies
        self._joining = joining
        self._writing = threading.RLock()
        self._writes: int | None = None
        """The thread that has a transaction open."""
        self._free = threading.Semaphore(_READERS)
        self._lock = threading.Lock()
        self._idle: list[Line] = []
        self._closed = False
        self.writer = Line(self._server)
        """For statements within ``transaction``."""
        self._gathering = Gathering(self.transaction, lambda: self.writer.is_lost)

    def is_current(self) -> bool:
        """Have the tables of today; whether they were there and knew every file already.

        Raises UsageError where they are the index of other studies, MachineError where a newer version has made them.
        """
        if self._joining:
            return True
        with self._transaction(_BEGIN_WHATEVER_IT_TAKES) as line:
            (encoding,) = line.row("SHOW server_encoding")
            if encoding != "UTF8":
                raise MachineError(
                    f"the database '{self._location}' keeps text as {encoding}, which lacks letters of most names",
                    hint="create the database with ENCODING 'UTF8'",
                )
            (there,) = line.row(f"SELECT to_regclass('{SCHEMA}.about') IS NOT NULL")
            if there:
                version, studies, complete = line.row(
                    "SELECT version, studies, complete FROM about"
                )
                self._check(int(version), str(studies))
                if version == VERSION:
                    for statement in postgresql.indexes():
                        line.command(statement)
                    return bool(complete)
                line.command(f"DROP TABLE about, {', '.join(postgresql.TABLES)} CASCADE")
            elif line.row(f"SELECT to_regnamespace('{SCHEMA}')") == (None,):
                line.command(f"CREATE SCHEMA {SCHEMA}")
            for statement in postgresql.statements():
                line.command(statement)
            line.execute("INSERT INTO about VALUES (?, ?, 0)", [VERSION, self._studies])
        return False

    def _check(self, version: int, studies: str) -> None:
        if version > VERSION:
            raise MachineError(
                f"the index in '{self._location}' was made by a newer version of this program",
                hint="update this program, or name another database with --index",
            )
        if studies != self._studies:
            raise UsageError(
                f"'{self._location}' has the index of the studies in '{studies}', not of those in '{self._studies}'",
                hint="give each PACS a database of its own, and all machines of one PACS the same --store",
            )

    def mark_current(self) -> None:
        """Note that the index knows every file. Call within a transaction."""
        self.writer.command("UPDATE about SET complete = 1")
        self.writer.command(f"ANALYZE {', '.join(postgresql.TABLES)}")  # many rows may be new

    def mark_outdated(self) -> None:
        """Note that there are files which the index does not know, whoever is killed before it is made again."""
        with self.transaction() as line:
            line.command("UPDATE about SET complete = 0")

    def insert(self, table: str, sql: str, values: Sequence[object]) -> object:
        """Add a row with the next statement; returns what stands for its number. Call within a transaction."""
        self.writer.later(sql, values)
        return postgresql.Latest(table)

    def ahead(self, sql: str, values: Sequence[object]) -> None:
        """Have a question answered together with the next one. Call within a transaction."""
        self.writer.ahead(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[Line]:
        """All or nothing, and from the first statement on nobody else writes in between, on any machine.

        What a lost connection leaves open is whether all or nothing: whoever looks within the next transaction sees.
        """
        with self._transaction(_BEGIN) as line:
            yield line

    def together(self, work: Callable[[], Result]) -> Result:
        """Carry out work in a transaction, with that of other threads which wait for their turn."""
        return self._gathering.run(work)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Line]:
        with self._writing:
            self._require_open()
            line = self.writer
            try:
                line.begin(begin)
                self._writes = threading.get_ident()
                yield line
                line.commit()
            except BaseException:
                line.in_transaction = True  # else a ROLLBACK that is lost would be said again
                line.take_back()
                raise
            finally:
                line.in_transaction = False
                self._writes = None

    @contextmanager
    def writing(self) -> Iterator[Line]:
        """A connection to look something up with on the way to a transaction. Raises ServerError."""
        if self._writes == threading.get_ident():
            yield self.writer
            return
        with self._free:
            with self._lock:
                self._require_open()
                line = self._idle.pop() if self._idle else Line(self._server)
            try:
                yield line
            finally:
                with self._lock:
                    if not self._closed:
                        self._idle.append(line)
                if self._closed:
                    line.close()

    @contextmanager
    def reading(self) -> Iterator[Line]:
        """A connection that sees what was committed, or within a transaction of this thread that one.

        Raises MachineError when it cannot be read.
        """
        if self._writes == threading.get_ident():
            yield self.writer
            return
        try:
            with self.writing() as line:
                yield line
        except ServerError as error:
            raise MachineError(
                f"the index of the studies cannot be read: {error}", hint=error.hint
            ) from error

    def _require_open(self) -> None:
        if self._closed:
            raise ServerError("the index is closed")

    def close(self) -> None:
        """Close all connections; one that is in use just now is closed when it is not. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.close()
        with self._writing:
            self.writer.close()
