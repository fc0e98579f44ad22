"""A PostgreSQL that has stopped, and a process that has stopped with a lock in its hands, hold nobody for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from scenario_runner.database import engine
from scenario_runner.database.engine import Database
from scenario_runner.database.location import location_of
from scenario_runner.database.patience import PatientConnection
from scenario_runner.database.turns import RUN, take_turn
from scenario_runner.errors import MachineError
from scenario_runner.registry.counters import open_counters
from tests.peers.postgres import PostgreSQL, postgresql

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def own() -> Iterator[PostgreSQL]:
    """One that nobody else has to do with."""
    with postgresql() as running:
        yield running


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientConnection, "silence", 0.5)


def _address(server: PostgreSQL) -> str:
    return f"{server.url()}?connect_timeout=2"


def test_a_server_that_is_frozen_is_said_and_no_number_is_lost(own: PostgreSQL) -> None:
    with open_counters(location_of(_address(own))) as counters:
        first = counters.reserve("site", "rule", start=1, step=1, count=5, last=99)
        with own.frozen():
            began = time.monotonic()
            with pytest.raises(MachineError, match="does not answer") as told:
                counters.reserve("site", "rule", start=1, step=1, count=1, last=99)
            assert time.monotonic() - began < 20
        assert "see that the server runs" in (told.value.hint or "")
        assert counters.reserve("site", "rule", start=1, step=1, count=1, last=99) == first + 5


def test_a_server_that_freezes_within_a_transaction_is_said(own: PostgreSQL) -> None:
    def count(connection: Connection) -> None:
        connection.execute(text("SELECT count(*) FROM counter"))

    with Database(location_of(_address(own))) as database:
        # What freezes thaws before the transaction is given up: the connection is closed already.
        with pytest.raises(MachineError, match="it has said nothing"):  # noqa: SIM117
            with database.writing() as connection, own.frozen():
                count(connection)
        with database.writing() as connection:
            count(connection)


def test_a_server_that_takes_long_and_lives_is_waited_for(own: PostgreSQL) -> None:
    with Database(location_of(_address(own))) as database, database.writing() as connection:
        assert connection.execute(text("SELECT 7 FROM pg_sleep(2)")).scalar() == 7


def test_a_lock_that_is_never_given_back_is_said(
    own: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY", engine._BUSY.replace("60s", "300ms"))
    location = location_of(_address(own))
    with (
        Database(location) as one,
        Database(location) as other,
        one.writing() as held,
    ):
        take_turn(held, RUN)
        with pytest.raises(MachineError, match="was locked by another process") as told:  # noqa: SIM117
            with other.writing() as connection:
                take_turn(connection, RUN)
    assert "see which program holds it open" in (told.value.hint or "")
