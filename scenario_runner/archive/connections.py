"""Connections to the file of an index: one that writes, and a few that read beside it.

In SQLite's write-ahead log readers see what was committed when they began and wait for nobody, nor does the
writer wait for them. So no answer waits for a store, and no store for an answer. Where several processes have the
file they write in turns of their own: SQLite's way to wait is to look again after a while, and whoever comes
meanwhile goes first.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from scenario_runner.archive.schema import NAMES, TABLE, VERSION, indexes, statements
from scenario_runner.dicom.levels import LEVELS
from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from scenario_runner.owning import Turns

Result = TypeVar("Result")

_PATIENCE: Final = 5.0
"""Seconds that a connection waits for another one, as a rule."""
_READERS: Final = 4
"""Connections that read at once; as Python runs one thread at a time, more would only hold memory."""
_LONGEST_LOG: Final = 32 << 20
"""Bytes of log beyond which the writer waits for the readers that are under way, to begin it anew."""
_LOOKED_AT_EVERY: Final = 1000
"""Transactions between two looks at the length of the log."""


class Connections:
    """Of one process to one file. Raises sqlite3.DatabaseError when that is no usable database.

    synced: wait for the disk at each commit, so that a power cut loses nothing either. turns: to write, where other
    processes have the file too. joining: they had it before, and have seen to what a kill left behind.
    patience: seconds to wait for another one.
    """

    def __init__(
        self,
        path: Path,
        *,
        synced: bool,
        turns: Turns | None = None,
        joining: bool = False,
        patience: float = _PATIENCE,
    ) -> None:
        self._path = path
        self._patience = patience
        self._turn = nullcontext if turns is None else turns.taken
        self._log = path.with_name(path.name + "-wal")
        self._writing = threading.RLock()
        self._writes: int | None = None
        """The thread that has a transaction open."""
        self._count = 0
        self._free = threading.Semaphore(_READERS)
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        unclean = not joining and self._log.exists() and self._log.stat().st_size > 0
        self.writer = self._connect()
        """For statements within ``transaction``."""
        try:
            self._configure(synced=synced, unclean=unclean)
        except BaseException:
            self.writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self._path,
            timeout=self._patience,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )

    def _configure(self, *, synced: bool, unclean: bool) -> None:
        self.writer.execute("PRAGMA journal_mode = WAL")
        self.writer.execute(f"PRAGMA synchronous = {'FULL' if synced else 'OFF'}")
        self.writer.execute("PRAGMA foreign_keys = ON")
        if unclean:
            # Cheap after a kill; after a power cut an index that did not wait for the disk may be torn.
            (verdict,) = self.writer.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)

    def is_current(self) -> bool:
        """Have the tables of today; whether they were there and knew every file already."""
        (version,) = self.writer.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            for statement in indexes():
                self.writer.execute(statement)
            return True
        with self.transaction():
            for table in (*NAMES.values(), *(TABLE[level] for level in reversed(LEVELS))):
                self.writer.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in statements():
                self.writer.execute(statement)
        return False

    def mark_current(self) -> None:
        """Note that the index knows every file. Call within a transaction."""
        self.writer.execute(f"PRAGMA user_version = {VERSION}")

    def insert(self, table: str, sql: str, values: Sequence[object]) -> int:  # noqa: ARG002 - SQLite knows
        """Add a row; returns its number. Call within a transaction."""
        number = self.writer.execute(sql, values).lastrowid
        assert number is not None
        return number

    def ahead(self, sql: str, values: Sequence[object]) -> None:
        """Nothing is gained by it in a file."""

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and nobody else writes in between."""
        with self._writing, self._turn():
            self.writer.execute("BEGIN IMMEDIATE")
            self._writes = threading.get_ident()
            try:
                yield self.writer
                self.writer.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has rolled back by itself.
                if self.writer.in_transaction:
                    self.writer.execute("ROLLBACK")
                raise
            finally:
                self._writes = None
            self._count += 1
            if self._count % _LOOKED_AT_EVERY == 0:
                self._shorten()

    def together(self, work: Callable[[], Result]) -> Result:
        """Carry out work in a transaction; in a file that costs too little to wait for others."""
        with self.transaction():
            return work()

    def _shorten(self) -> None:
        """Keep the log short: where somebody always reads, it would never begin anew by itself.

        What cannot be done now is done later: what was committed is, and nobody is to be told otherwise.
        """
        with suppress(OSError, sqlite3.OperationalError):
            if self._log.stat().st_size > _LONGEST_LOG:
                self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes, to look something up on the way to a transaction.

        What others have just committed is in its memory; one that reads would fetch it anew each time.
        """
        with self._writing:
            yield self.writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees what was committed, or within a transaction of this thread that one.

        Not to be kept: what is read is to be fetched within. Raises MachineError when it cannot be read.
        """
        if self._writes == threading.get_ident():
            yield self.writer
            return
        with self._free, _in_words():
            reader = self._reader()
            try:
                yield reader
            finally:
                with self._lock:
                    if not self._closed:
                        self._idle.append(reader)
                if self._closed:
                    reader.close()

    def _reader(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise sqlite3.ProgrammingError("the index is closed")
            if self._idle:
                return self._idle.pop()
        reader = self._connect()
        reader.execute("PRAGMA query_only = ON")
        return reader

    def close(self) -> None:
        """Close all of them; one that reads just now is closed when it has. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.close()
        with self._writing:
            self.writer.close()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise MachineError(f"the index of the studies cannot be read: {error}") from error
