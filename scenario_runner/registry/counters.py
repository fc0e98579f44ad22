"""Durable counters: no number is handed out twice, whatever is killed and whoever asks at once.

A counter is known by site and rule and remembers one thing: the lowest number it has never handed
out. Reserving moves that forward in one transaction and returns after it is on the disk; a run
that dies afterwards loses its numbers, which is the price of never repeating one.

A rule whose ``start`` was raised jumps forward to it. One whose ``start`` was lowered goes on where
it is: going back would repeat numbers. A changed ``step`` goes on with the next number that is
start plus a multiple of step.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scenario_runner.planning.api import CounterExhausted
from scenario_runner.registry.database import prepare, readable, writable

if TYPE_CHECKING:
    from scenario_runner.registry.location import Location


def first_free(known: int | None, start: int, step: int) -> int:
    """The first number of start, start + step, … that is not below ``known``."""
    if known is None or known <= start:
        return start
    return start + -(-(known - start) // step) * step


def _range(known: int | None, start: int, step: int, count: int, last: int) -> tuple[int, int]:
    """(first number, lowest number that stays free). Raises CounterExhausted."""
    first = first_free(known, start, step)
    if count == 0:
        return first, first if known is None else known
    end = first + (count - 1) * step
    if end > last:
        raise CounterExhausted(first, last)
    return first, end + 1


class SqliteCounters:
    """Counters in one SQLite file, or for the life of this object with ``:memory:``.

    Safe between threads, processes and machines that share the file with working locks.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._lock = threading.Lock()
        self._memory: sqlite3.Connection | None = None
        if location == ":memory:":
            self._memory = sqlite3.connect(
                ":memory:", isolation_level=None, check_same_thread=False
            )
            prepare(self._memory, location)
            # It ends with this object, also where nobody says so; Python 3.13 warns otherwise.
            weakref.finalize(self, self._memory.close)

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:
        """As ``planning.api.Counters`` says. Raises MachineError when the file cannot be used."""
        if self._memory is not None:
            with self._lock:
                return _reserve(self._memory, site, rule, start, step, count, last)
        # A connection for each reservation: none is carried into a forked process or another
        # thread, and there are only a few in a run, for numbers are reserved in ranges.
        with writable(Path(self._location)) as connection:
            return _reserve(connection, site, rule, start, step, count, last)

    def close(self) -> None:
        """Forget a registry in memory; a file needs no closing."""
        if self._memory is not None:
            self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PeekCounters:
    """What the counters would give next, without moving them: for ``plan`` and ``validate``.

    Creates no file. Its own numbers do not repeat: it counts on from what it has shown.
    """

    def __init__(self, location: Location) -> None:
        self._location = location
        self._shown: dict[tuple[str, str], int] = {}

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:
        """As ``planning.api.Counters`` says, but nothing is reserved. Raises MachineError."""
        known = self._shown.get((site, rule))
        if known is None and self._location != ":memory:":
            with readable(Path(self._location)) as connection:
                known = _known(connection, site, rule) if connection else None
        first, self._shown[site, rule] = _range(known, start, step, count, last)
        return first


def _known(connection: sqlite3.Connection, site: str, rule: str) -> int | None:
    row = connection.execute(
        "SELECT next FROM counter WHERE site = ? AND rule = ?", (site, rule)
    ).fetchone()
    return None if row is None else int(row[0])


def _reserve(
    connection: sqlite3.Connection,
    site: str,
    rule: str,
    start: int,
    step: int,
    count: int,
    last: int,
) -> int:
    # IMMEDIATE takes the write lock before reading: two processes cannot read the same number.
    connection.execute("BEGIN IMMEDIATE")
    try:
        first, free = _range(_known(connection, site, rule), start, step, count, last)
        connection.execute(
            "INSERT INTO counter (site, rule, next) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET next = excluded.next",
            (site, rule, free),
        )
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return first
