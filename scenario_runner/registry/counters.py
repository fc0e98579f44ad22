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
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, Self

from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.sqlite_file import prepare, readable, writable
from scenario_runner.planning.api import Counters
from scenario_runner.registry.number_ranges import next_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.database.location import Location


class OpenCounters(Counters, AbstractContextManager["OpenCounters"], Protocol):
    """Counters that are closed when they are used no more."""


def open_counters(location: Location) -> OpenCounters:
    """The counters of a registry, wherever it is."""
    if isinstance(location, DatabaseUrl):
        # Only here: a run that counts in a file loads no SQLAlchemy.
        from scenario_runner.registry.shared_counters import SharedCounters

        return SharedCounters(location)
    return SqliteCounters(location)


class SqliteCounters:
    """Counters in one SQLite file, or for the life of this object with ``:memory:``.

    Safe between threads, processes and machines that share the file with working locks.
    """

    def __init__(self, location: Path | Literal[":memory:"]) -> None:
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
        taking = partial(next_range, start=start, step=step, count=count, last=last)
        if self._memory is not None:
            with self._lock:
                return _reserve(self._memory, site, rule, taking)
        # A connection for each reservation: none is carried into a forked process or another
        # thread, and there are only a few in a run, for numbers are reserved in ranges.
        with writable(Path(self._location)) as connection:
            return _reserve(connection, site, rule, taking)

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
        if known is None:
            known = known_in(self._location, site, rule)
        first, self._shown[site, rule] = next_range(known, start, step, count, last)
        return first


def known_in(location: Location, site: str, rule: str) -> int | None:
    """The lowest number that a counter has never handed out; None for one that never counted.

    Makes nothing. Raises MachineError.
    """
    if location == ":memory:":
        return None
    if isinstance(location, DatabaseUrl):
        from scenario_runner.registry.shared_counters import shared_known

        return shared_known(location, site, rule)
    with readable(Path(location)) as connection:
        return _known(connection, site, rule) if connection else None


def _known(connection: sqlite3.Connection, site: str, rule: str) -> int | None:
    row = connection.execute(
        "SELECT next FROM counter WHERE site = ? AND rule = ?", (site, rule)
    ).fetchone()
    return None if row is None else int(row[0])


def _reserve(
    connection: sqlite3.Connection,
    site: str,
    rule: str,
    taking: Callable[[int | None], tuple[int, int]],
) -> int:
    """The first number of a range. taking: says from what the counter has never handed out what it is, and what is left."""
    # IMMEDIATE takes the write lock before reading: two processes cannot read the same number.
    connection.execute("BEGIN IMMEDIATE")
    try:
        first, free = taking(_known(connection, site, rule))
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
