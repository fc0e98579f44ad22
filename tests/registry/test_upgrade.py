"""A registry of an older version goes on where it was, and one of a newer is left alone."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from scenario_runner.database.counter_table import NEWEST
from scenario_runner.database.engine import Database
from scenario_runner.database.location import DatabaseUrl, Location
from scenario_runner.errors import MachineError
from scenario_runner.registry.counters import SqliteCounters, open_counters
from scenario_runner.registry.people import People
from scenario_runner.registry.tables import metadata
from tests.peers.postgres import PostgreSQL
from tests.registry.people import person

INDEXES = re.compile("patient_(trigram|character)")
_UPGRADE = """
import sys
from scenario_runner.database.engine import Database
from scenario_runner.database.location import location_of
with Database(location_of(sys.argv[1])) as database, database.writing():
    pass
"""


def old_file(path: Path) -> None:
    """As the first version of this program made it, with a counter that has counted."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE counter (\n    site TEXT NOT NULL,\n    rule TEXT NOT NULL,\n"
            "    next INTEGER NOT NULL,\n    PRIMARY KEY (site, rule)\n) WITHOUT ROWID, STRICT"
        )
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA application_id = 1178681938")
        connection.execute("INSERT INTO counter VALUES ('north', 'acc', 42)")


def take(location: Location) -> int:
    with open_counters(location) as counters:
        return counters.reserve("north", "acc", start=1, step=1, count=1, last=999)


def test_the_tables_that_are_made_are_those_that_queries_name(location: Location) -> None:
    with Database(location) as database, database.writing() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables},
        )
        found = compare_metadata(context, metadata)
    # SQLite spells a number and an index of trigrams in its own way.
    assert [one for one in found if not INDEXES.search(str(one))] == []


def test_the_history_ends_where_the_program_thinks_it_does() -> None:
    history = ScriptDirectory(str(files("scenario_runner.database") / "migrations"))
    assert history.get_heads() == [f"{NEWEST:04d}"]


def test_an_old_file_goes_on_counting_and_a_copy_of_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    old_file(path)
    assert take(path) == 42
    with Database(path) as database:
        People(database).add([person("PID1")])
    assert take(path) == 43
    copy = tmp_path / "registry.sqlite3.version-1"
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT next FROM counter").fetchall() == [(43,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert sorted(one.name for one in tmp_path.iterdir()) == [path.name, copy.name]


def test_an_old_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    old_file(path)
    before = path.read_bytes()
    with Database(path) as database:
        assert People(database).search("") == []
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_goes_wrong_in_an_upgrade_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.sqlite3"
    old_file(path)
    from alembic import op

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(op, "create_index", fails)
    with Database(path) as database, pytest.raises(MachineError, match="Input/output error"):
        People(database).add([person("PID1")])
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema").fetchall()
        assert tables == [("counter",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    with Database(path) as database:
        assert People(database).add([person("PID1")]) == []
    assert take(path) == 42


def test_of_processes_that_upgrade_at_once_one_does_it(where: str) -> None:
    if "://" not in where:
        Path(where).parent.mkdir()
        old_file(Path(where))
    started = [
        subprocess.Popen([sys.executable, "-c", _UPGRADE, where], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for one in started:
        _, told = one.communicate(timeout=120)
        assert one.returncode == 0, told
    if "://" not in where:
        copies = list(Path(where).parent.glob("*.version-*"))
        assert len(copies) == 1


def test_a_newer_registry_is_refused_in_words(location: Location) -> None:
    with Database(location) as database, database.writing() as connection:
        newer = (
            "UPDATE alembic_version SET version_num = '0099'"
            if isinstance(location, DatabaseUrl)
            else None
        )
        if newer:
            connection.execute(text(newer))
    if not newer:
        with closing(sqlite3.connect(str(location))) as file:
            file.execute("PRAGMA user_version = 99")
    with Database(location) as database:
        with pytest.raises(MachineError, match="newer version"):
            People(database).search("x")
        with pytest.raises(MachineError, match="newer version"):
            People(database).add([person("PID1")])
    with pytest.raises(MachineError, match="newer version"):
        take(location)


def test_a_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "songs.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE song (title)")
    before = path.read_bytes()
    with Database(path) as database, pytest.raises(MachineError, match="another program"):
        People(database).add([person("PID1")])
    assert path.read_bytes() == before


@pytest.mark.peer
def test_a_database_that_lacks_letters_is_refused(server: PostgreSQL) -> None:
    url = server.create("latin", "-E", "LATIN1", "-T", "template0", "--locale=C")
    with Database(DatabaseUrl(url)) as database, pytest.raises(MachineError, match="LATIN1"):
        People(database).add([person("PID1")])


def test_a_run_that_only_counts_makes_the_one_table(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite3"
    with SqliteCounters(path) as counters:
        counters.reserve("north", "acc", start=1, step=1, count=1, last=9)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("counter",)]
