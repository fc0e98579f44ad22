"""A registry of each kind: a file, and a database of a real PostgreSQL."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from scenario_runner.database.location import Location, location_of
from tests.peers.postgres import PostgreSQL

_numbers = itertools.count()


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.peer)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What ``--registry`` is given, of a registry that is not there yet."""
    if request.param == "file":
        return str(tmp_path / "a folder" / "registry.sqlite3")
    running: PostgreSQL = request.getfixturevalue("server")
    return running.create(f"registry{next(_numbers)}")


@pytest.fixture
def location(where: str) -> Location:
    return location_of(where)
