"""A server keeps its connections to a database in a file, and sees at once when that is another one."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from scenario_runner.database import engine
from scenario_runner.database.engine import Database
from scenario_runner.database.sqlite_file import make_durable, open_to_read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READERS = 24


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "registry.sqlite3") as found:
        with found.writing():
            pass
        found.stay_open()
        yield found


def counters(database: Database) -> list[str]:
    with database.reading() as connection:
        return (
            []
            if connection is None
            else list(connection.scalars(text("SELECT rule FROM counter ORDER BY rule")))
        )


def count(database: Database, rule: str) -> None:
    with database.writing() as connection:
        connection.execute(text(f"INSERT INTO counter VALUES ('site', '{rule}', 1)"))


def test_pages_share_a_connection_instead_of_opening_one_for_each_question(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    made = open_to_read

    def counted(*given: object, **named: object) -> sqlite3.Connection:
        opened.append(given)
        return made(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "open_to_read", counted)
    for number in range(10):
        count(database, f"R{number}")
        assert len(counters(database)) == number + 1  # what was just written
    assert len(opened) == 1


def test_entries_share_a_connection_that_is_as_durable_as_the_one_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []
    made = make_durable

    def counted(connection: sqlite3.Connection) -> None:
        opened.append(connection)
        made(connection)

    monkeypatch.setattr(engine, "make_durable", counted)
    with ThreadPoolExecutor(1) as another:
        for number in range(5):
            count(database, f"R{number}")
            another.submit(count, database, f"S{number}").result()
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    assert len(opened) == 1


def test_what_reads_at_once_waits_for_nobody(database: Database) -> None:
    together = Barrier(READERS, timeout=60)

    def read(_: int) -> int:
        with database.reading() as connection:
            assert connection is not None
            together.wait()
            return len(list(connection.scalars(text("SELECT rule FROM counter"))))

    with ThreadPoolExecutor(READERS) as threads:
        assert set(threads.map(read, range(READERS))) == {0}


def test_a_file_that_takes_the_place_of_the_one_before_is_read(
    database: Database, tmp_path: Path
) -> None:
    count(database, "before")
    assert counters(database) == ["before"]
    other = tmp_path / "other.sqlite3"
    with Database(other) as restored:
        count(restored, "after")
    with closing(sqlite3.connect(other)) as whole:
        whole.execute("PRAGMA journal_mode = DELETE")
    for beside in ("-wal", "-shm"):
        (tmp_path / f"registry.sqlite3{beside}").unlink(missing_ok=True)
    other.replace(tmp_path / "registry.sqlite3")
    assert counters(database) == ["after"]
    count(database, "behind it")
    assert counters(database) == ["after", "behind it"]
