"""What was done stays written, as it was written."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, text

from scenario_runner.database.engine import Database
from scenario_runner.errors import MachineError
from scenario_runner.service.accounts.tables import metadata as accounts
from scenario_runner.service.audit.activities import CODED, Activity, Outcome
from scenario_runner.service.audit.entry import BEGINNING
from scenario_runner.service.audit.tables import metadata as audit
from scenario_runner.service.audit.trail import Trail
from scenario_runner.service.permissions import LOCAL, Arrival, Caller, Role

NURSE = Caller("nurse.joy", frozenset({Role.NURSE}), Arrival.SESSION)


def filled(database: Database, entries: int = 5) -> Trail:
    trail = Trail(database)
    for number in range(entries):
        trail.record(
            NURSE, Activity.VIEWED, f"1.2.{number}", "192.0.2.7", detail={"images": number}
        )
    return trail


def without_guards(database: Database, *statements: str) -> None:
    """What an intruder does who owns the database."""
    with database.writing() as connection:
        if database.dialect == "sqlite":
            for name in ("no_update", "no_delete", "next"):
                connection.execute(text(f"DROP TRIGGER audit_entry_{name}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        for one in statements:
            connection.execute(text(one))


def test_who_did_what_when_from_where_and_how_it_ended_is_kept(database: Database) -> None:
    trail = Trail(database)
    detail = {"reason": "wrong patient", "images": 3, "kept": ["a", {"b": None}], "share": 0.5}
    trail.record(NURSE, Activity.DELETED, "1.2.3", "192.0.2.7", Outcome.DENIED, detail)
    trail.record(LOCAL, Activity.STARTED)
    first, second = trail.entries()
    assert first.number == 1
    assert first.at.endswith("Z")
    assert (first.caller, first.roles, first.arrival) == ("nurse.joy", "nurse", "session")
    assert (first.what, first.study) == (Activity.DELETED, "1.2.3")
    assert (first.from_where, first.outcome) == ("192.0.2.7", Outcome.DENIED)
    assert first.detail == {**detail, "share": "0.5"}
    assert first.digest == first.after(BEGINNING)
    assert second.study is None
    assert second.digest == second.after(first.digest)


def test_a_trail_that_nobody_touched_holds(database: Database) -> None:
    trail = filled(database)
    verdict = trail.verify()
    assert verdict.broken is None
    assert verdict.entries == 5
    assert verdict.head == list(trail.entries())[-1].digest
    assert Trail(database).verify() == verdict


def test_an_empty_trail_holds(database: Database) -> None:
    assert Trail(database).verify().entries == 0
    assert list(Trail(database).entries()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET caller = 'somebody else' WHERE number = 2",
        "DELETE FROM audit_entry WHERE number = 5",
        "DELETE FROM audit_entry",
    ],
)
def test_the_database_changes_no_entry_and_takes_none_away(
    database: Database, statement: str
) -> None:
    trail = filled(database)
    before = list(trail.entries())
    with pytest.raises(MachineError, match="only grows"), database.writing() as connection:
        connection.execute(text(statement))
    assert list(trail.entries()) == before


def test_no_entry_is_written_over(database: Database) -> None:
    trail = filled(database)
    before = list(trail.entries())
    other = (
        "INSERT OR REPLACE INTO audit_entry"
        if database.dialect == "sqlite"
        else "INSERT INTO audit_entry"
    )
    rest = " SELECT number, at, 'somebody else', roles, arrival, what, study, from_where, outcome, detail, digest FROM audit_entry WHERE number = 2"
    with pytest.raises(MachineError), database.writing() as connection:
        connection.execute(text(other + rest))
    assert list(trail.entries()) == before


@pytest.mark.peer
def test_a_postgresql_does_not_empty_the_trail(database: Database) -> None:
    if database.dialect == "sqlite":
        return  # it has no such statement
    trail = filled(database)
    with pytest.raises(MachineError, match="only grows"), database.writing() as connection:
        connection.execute(text("TRUNCATE audit_entry"))
    assert trail.verify().entries == 5


@pytest.mark.parametrize(
    ("statement", "number", "said"),
    [
        ("UPDATE audit_entry SET caller = 'somebody' WHERE number = 3", 3, "not as it was"),
        ("UPDATE audit_entry SET outcome = 'failed' WHERE number = 1", 1, "not as it was"),
        ("UPDATE audit_entry SET what = 'whatever' WHERE number = 5", 5, "not as it was"),
        ("UPDATE audit_entry SET detail = 'no JSON' WHERE number = 2", 2, "not as it was"),
        ("DELETE FROM audit_entry WHERE number = 2", 2, "not there"),
        ("DELETE FROM audit_entry WHERE number = 1", 1, "not there"),
    ],
)
def test_what_an_intruder_changed_is_found_where_it_begins(
    database: Database, statement: str, number: int, said: str
) -> None:
    trail = filled(database)
    without_guards(database, statement)
    broken = trail.verify().broken
    assert broken is not None
    assert broken.number == number
    assert said in broken.message


def test_entries_that_changed_places_are_found(database: Database) -> None:
    trail = filled(database)
    without_guards(
        database,
        "UPDATE audit_entry SET number = 100 WHERE number = 2",
        "UPDATE audit_entry SET number = 2 WHERE number = 3",
        "UPDATE audit_entry SET number = 3 WHERE number = 100",
    )
    broken = trail.verify().broken
    assert broken is not None
    assert broken.number == 2


def test_of_those_who_write_at_once_each_entry_follows_another(database: Database) -> None:
    trail = filled(database, 1)

    def write() -> None:
        for _ in range(10):
            trail.record(LOCAL, Activity.SEARCHED)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    verdict = trail.verify()
    assert verdict.broken is None
    assert verdict.entries == 41


def test_what_a_stranger_sends_is_bounded_and_can_be_kept(database: Database) -> None:
    trail = Trail(database)
    long = Caller("x" * 5_000, frozenset(), Arrival.NOBODY)
    trail.record(long, Activity.REFUSED, "1\0.2", "\udcff", detail={"path\0": "y" * 5_000})
    (entry,) = trail.entries()
    assert len(entry.caller) == 1_000
    assert entry.study == "1\ufffd.2"
    assert len(entry.detail["path\ufffd"]) == 1_000
    assert trail.verify().broken is None


def test_the_history_of_one_study_is_found_among_others(database: Database) -> None:
    trail = filled(database)
    trail.record(LOCAL, Activity.DELETED, "1.2.3", detail={"reason": "a double"})
    assert [one.what for one in trail.entries(study="1.2.3")] == ["viewed", "deleted"]
    assert [one.number for one in trail.latest(2)] == [6, 5]
    assert [one.number for one in trail.latest(9, "1.2.3", before=6)] == [4]
    assert [one.number for one in trail.entries(after=3, limit=2)] == [4, 5]


def test_each_activity_has_its_code_of_the_standard() -> None:
    assert set(CODED) == set(Activity)
    assert CODED[Activity.DELETED].event.value == "110105"  # PS3.16 CID 400


@pytest.mark.parametrize("metadata", [audit, accounts], ids=["audit", "accounts"])
def test_the_tables_that_are_made_are_those_that_queries_name(
    database: Database, metadata: MetaData
) -> None:
    with database.writing() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables},
        )
        assert compare_metadata(context, metadata) == []


def test_an_old_registry_keeps_its_patients_when_the_service_begins(tmp_path: Path) -> None:
    """A file of the version before is read as it is, and brought to today's by what is written."""
    from alembic import command
    from alembic.config import Config

    from scenario_runner.database.upgrade import MIGRATIONS
    from scenario_runner.registry.people import People
    from tests.registry.people import person

    path = tmp_path / "registry.sqlite3"
    with Database(path) as old, old.engine.connect() as connection, connection.begin():
        configuration = Config()
        configuration.set_main_option("script_location", MIGRATIONS)
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0002")
        connection.exec_driver_sql("PRAGMA user_version = 2")
        connection.exec_driver_sql("PRAGMA application_id = 1178681938")
        connection.exec_driver_sql(
            "INSERT INTO patient SELECT 1, 'PID1', '', 'CITIZEN^JOE', 'M', '1970-01-02', '', '', '', "
            "'2026-01-01 00:00:00.000000', NULL, 'pid1 citizen joe'"
        )
    with Database(path) as database:
        assert [one.id for one in People(database).search("")] == ["PID1"]
        assert list(Trail(database).entries()) == []
        Trail(database).record(LOCAL, Activity.STARTED)
        assert [one.id for one in People(database).search("")] == ["PID1"]
        People(database).add([person("PID2")])
    assert (tmp_path / "registry.sqlite3.version-2").exists()


def test_a_file_that_a_server_keeps_open_is_whole_for_others_and_when_it_ends(
    tmp_path: Path,
) -> None:
    path = tmp_path / "registry.sqlite3"
    with Database(path) as database:
        Trail(database).record(LOCAL, Activity.STARTED)
        database.stay_open()
        Trail(database).record(LOCAL, Activity.STOPPED)
        with Database(path) as other:
            assert Trail(other).verify().entries == 2
        assert path.with_name(f"{path.name}-wal").exists()
    assert [one.name for one in tmp_path.iterdir()] == [path.name]
