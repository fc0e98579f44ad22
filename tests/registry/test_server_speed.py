"""What keeps a registry on a server fast, whatever its statistics say."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event, text

from scenario_runner.database.engine import Database
from scenario_runner.database.location import location_of
from scenario_runner.registry.adding import add_to
from scenario_runner.registry.people import People
from tests.peers.postgres import PostgreSQL
from tests.registry.people import person

pytestmark = pytest.mark.peer


def test_a_part_of_an_id_is_looked_up_and_not_all_are_read(server: PostgreSQL) -> None:
    asked: list[tuple[str, Any]] = []
    with Database(location_of(server.create("looked_up"))) as database:
        people = People(database)
        people.add([person(f"P{number:05d}") for number in range(500)])
        event.listen(
            database.engine,
            "before_cursor_execute",
            lambda _c, _u, statement, values, *_: asked.append((statement, values)),
        )
        assert [one.id for one in people.search("0017", limit=50)] == ["P00017", *(f"P{n:05d}" for n in range(170, 180) if "0017" in f"P{n:05d}")]  # fmt: skip
        (statement, values) = next(pair for pair in asked if "LIKE" in pair[0])
        with database.reading() as connection:
            assert connection is not None
            connection.execute(text("SELECT set_config('enable_seqscan', 'off', true)"))
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    assert any("enable_seqscan" in each for each, _ in asked), "the search itself says so"
    assert any("patient_trigram" in line for line in plan), plan


def test_an_index_has_nothing_pending_after_many_were_made(server: PostgreSQL) -> None:
    pending = text(
        "SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'patient' AND last_analyze IS NOT NULL"
    )
    with Database(location_of(server.create("settled"))) as database:
        people = People(database)
        people.add([person(f"P{number:05d}") for number in range(50)])
        people.settle()
        with database.writing() as connection:
            # Nothing is left for the second time.
            left = connection.execute(
                text("SELECT gin_clean_pending_list('patient_trigram'::regclass)")
            )
            assert left.scalar() == 0
        with database.reading() as connection:
            assert connection is not None
            assert connection.execute(pending).scalar() == 1


def test_whether_thousands_of_ids_are_taken_is_asked_at_once(server: PostgreSQL) -> None:
    asked: list[str] = []
    with Database(location_of(server.create("at_once"))) as database:
        people = People(database)
        people.add([person("P7"), person("P8", issuer="HOSP")])
        event.listen(
            database.engine,
            "before_cursor_execute",
            lambda _c, _u, statement, *_: asked.append(statement),
        )
        crowd = [person(f"P{number}") for number in range(3000)]
        assert [one.id for one in people.add([*crowd, person("P8", issuer="HOSP")])] == ["P7", "P8"]
        assert sum("FROM patient" in each or "FROM other_id" in each for each in asked) <= 4, asked


def test_who_comes_second_with_many_ids_is_told_that_they_are_taken(server: PostgreSQL) -> None:
    where = location_of(server.create("second"))
    crowd = [person(f"P{number}") for number in range(60)]
    told: list[int] = []
    with Database(where) as first, Database(where) as second:
        with first.writing() as connection:
            assert add_to(connection, crowd) == []
            waiting = threading.Thread(
                target=lambda: told.append(len(People(second).add([*crowd, person("NEW")])))
            )
            waiting.start()
            waiting.join(0.5)  # it waits for what is decided here
        waiting.join(60)
        assert told == [60]
        assert len(People(first).search()) == 61
