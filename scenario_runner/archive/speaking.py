"""What the index asks of a database, whichever it is: statements, transactions, and whether its tables are today's.

Statements are in SQLite's dialect, values by ``?``; another database has them in its own words.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Result = TypeVar("Result")


class Rows(Protocol):
    """What a statement has found."""

    def fetchone(self) -> Any:
        """The next row; None behind the last."""

    def fetchall(self) -> list[Any]:
        """Those that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The same, one by one."""


class Speaker(Protocol):
    """A connection to a database."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Rows:
        """Carry out a statement."""

    def executemany(self, sql: str, values: Iterable[Sequence[Any]], /) -> object:
        """Carry out a statement for each, at the latest before the next one that finds something."""


class Database(Protocol):
    """Where an index is. What it raises is a sqlite3.Error or an OSError, or as said."""

    @property
    def writer(self) -> Speaker:
        """For statements within ``transaction``."""

    def is_current(self) -> bool:
        """Have the tables of today; whether they were there and knew every file already."""

    def mark_current(self) -> None:
        """Note that the index knows every file. Call within a transaction."""

    def insert(self, table: str, sql: str, values: Sequence[object]) -> object:
        """Add a row to a table. Call within a transaction.

        Returns its number, or what stands for it in further statements of the transaction, until the next row of that table.
        """

    def ahead(self, sql: str, values: Sequence[object]) -> None:
        """What will be asked after the next question, if nothing else is meanwhile. Call within a transaction."""

    def transaction(self) -> AbstractContextManager[Speaker]:
        """All or nothing, and nobody else writes in between."""

    def together(self, work: Callable[[], Result]) -> Result:
        """Carry out work in a transaction, which others may have part in; returns what it does once that has ended.

        work: on whatever thread, and once more where a transaction was taken back for the work of others.
        """

    def writing(self) -> AbstractContextManager[Speaker]:
        """A connection to look something up with on the way to a transaction."""

    def reading(self) -> AbstractContextManager[Speaker]:
        """A connection that sees what was committed, or within a transaction of this thread that one.

        Not to be kept: what is read is to be fetched within. Raises MachineError when it cannot be read.
        """

    def close(self) -> None:
        """Close all connections. May be called twice."""
