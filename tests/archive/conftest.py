"""An index of each kind: a file, and a database of a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.archive.options import ArchiveOptions
from scenario_runner.archive.server_line import SCHEMA
from scenario_runner.database.location import DatabaseUrl

if TYPE_CHECKING:
    from tests.peers.postgres import PostgreSQL

Indexed = Callable[..., ArchiveOptions]
"""Options of an archive whose index is new; of one archive at a time."""


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> DatabaseUrl:
    """A database of a test module's own."""
    running: PostgreSQL = request.getfixturevalue("server")
    return DatabaseUrl(running.create(request.module.__name__.replace(".", "_")))


@pytest.fixture(scope="module", params=["file", pytest.param("postgresql", marks=pytest.mark.peer)])
def indexed(request: pytest.FixtureRequest) -> Indexed:
    if request.param == "file":
        return ArchiveOptions
    import psycopg

    location: DatabaseUrl = request.getfixturevalue("database")

    def options(**given: Any) -> ArchiveOptions:
        with psycopg.connect(location.url, autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        return ArchiveOptions(index=location, **given)

    return options
