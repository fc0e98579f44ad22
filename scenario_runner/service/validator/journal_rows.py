"""The tables of the validator's journal: events and what was refused, as rows and back."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from pydantic_core import to_json

from scenario_runner.errors import MachineError
from scenario_runner.service.validator.events import Event, now

_VERSION: Final = 1
_APPLICATION: Final = 0x46565631
_ROWS: Final = 100
"""Events of one statement; older versions of SQLite take 999 values."""
_NUMBERS: Final = 500
_SCHEMA: Final = """
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    study TEXT NOT NULL, turn INTEGER NOT NULL, name TEXT NOT NULL, at TEXT NOT NULL, data TEXT NOT NULL,
    role TEXT, attempts INTEGER NOT NULL DEFAULT 0,
    UNIQUE (study, turn, name)
);
CREATE INDEX waiting ON event (role, seq) WHERE role IS NOT NULL;
CREATE TABLE refused (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER, role TEXT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE UNIQUE INDEX refused_once ON refused (event) WHERE event IS NOT NULL;
"""

Row = tuple[str, int, str, str, str, str | None]
"""Study, turn, name, moment, data and role of an event, as they are inserted."""

Refusal = tuple[int | None, str, str, str]
"""Number of the event, role, reason and payload of a message that a role gave up."""


def make_tables(connection: sqlite3.Connection, name: object) -> None:
    """Have the tables where there are none yet. name: the file's. Raises MachineError for tables of others."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and (application, version) != (_APPLICATION, _VERSION):
        raise MachineError(
            f"'{name}' is no journal that this version of the validator can use",
            hint="name another folder with --data, or update this program",
        )
    if not tables:
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")


def row_of(event: Event, role: str | None) -> Row:
    """An event as it is inserted. role: who has to act on it; None for nobody."""
    data = to_json(event.data).decode()
    return event.study, event.turn, event.name, event.at.isoformat(), data, role


def inserted(
    connection: sqlite3.Connection, rows: Sequence[Row]
) -> dict[tuple[str, int, str], int]:
    """The numbers of those that were not known, by study, turn and name. Call within a transaction.

    Each statement lets other threads run and has to wait for them: one is for as many rows as it can take.
    """
    if not rows:
        return {}
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
    for begin in range(0, len(rows), _ROWS):
        some = rows[begin : begin + _ROWS]
        places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some))
        connection.execute(
            f"INSERT OR IGNORE INTO event (study, turn, name, at, data, role) VALUES {places}",  # noqa: S608 - places
            [value for row in some for value in row],
        )
    found = connection.execute("SELECT study, turn, name, seq FROM event WHERE seq > ?", (last,))
    return {(study, turn, name): seq for study, turn, name, seq in found.fetchall()}


def settle(
    connection: sqlite3.Connection,
    done: Sequence[int],
    tried: Sequence[int],
    refused: Sequence[Refusal],
) -> None:
    """Note which events were acted on, which are being tried, and what was given up. Call within a transaction."""
    for sql, numbers in (
        ("UPDATE event SET role = NULL", done),
        ("UPDATE event SET attempts = attempts + 1", tried),
    ):
        for begin in range(0, len(numbers), _NUMBERS):
            some = numbers[begin : begin + _NUMBERS]
            places = ", ".join("?" * len(some))
            connection.execute(f"{sql} WHERE seq IN ({places})", some)
    connection.executemany(
        "INSERT OR IGNORE INTO refused (event, role, at, reason, payload) VALUES (?, ?, ?, ?, ?)",
        [(seq, role, now().isoformat(), reason, payload) for seq, role, reason, payload in refused],
    )


def event_of(study: str, turn: int, name: str, at: str, data: str) -> Event:
    """The event of a row."""
    return Event(study, name, dt.datetime.fromisoformat(at), turn, json.loads(data))
