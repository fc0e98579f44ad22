"""A database of each kind: a file, and one of a real PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location, location_of
from tests.peers.postgres import PostgreSQL

_numbers = itertools.count()


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.peer)])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """Where the service keeps things, and has not yet."""
    if request.param == "file":
        return tmp_path / "data" / "registry.sqlite3"
    running: PostgreSQL = request.getfixturevalue("server")
    return location_of(running.create(f"service{next(_numbers)}"))


@pytest.fixture
def database(location: Location) -> Iterator[Database]:
    with Database(location) as opened:
        yield opened
