"""Tables brought to what they are today: in one transaction, with a copy of the old file kept.

The history stands in ``migrations/versions``, one for both kinds of database. Alembic is loaded only
where there is something to do.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from scenario_runner.database.counter_table import APPLICATION, FIRST, NEWEST
from scenario_runner.database.sqlite_file import newer, version_of
from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.location import Location

MIGRATIONS = "scenario_runner.database:migrations"
_LOCK = APPLICATION
"""Of PostgreSQL's advisory locks the one that whoever makes tables holds."""


def revision(number: int) -> str:
    """The name of a step of the history."""
    return f"{number:04d}"


def upgrade(connection: Connection, location: Location) -> None:
    """Bring the tables to today's; of many processes one does it. connection: in no transaction."""
    with connection.begin():
        if version(connection, location) == NEWEST:
            return
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _require_unicode(connection, location)
        found = version(connection, location)
        if found == NEWEST:
            return
        if found and isinstance(location, Path):
            _keep_copy(location, found)
        _carry_out(connection, found)


def version(connection: Connection, location: Location) -> int:
    """Which step of the history was the last; 0 for none.

    Raises MachineError for tables of a newer version.
    """
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return version_of(driver, str(location))
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return 0
    name = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if name is None:
        return 0
    if not name.isdigit() or int(name) > NEWEST:
        raise newer(location)
    return int(name)


def _require_unicode(connection: Connection, location: Location) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise MachineError(
            f"the registry '{location}' keeps text as {encoding}, which lacks letters of most names",
            hint="create the database with ENCODING 'UTF8'",
        )


def _keep_copy(path: Path, version: int) -> None:
    """What the file held before, whole or not at all, under a name that says so."""
    kept = path.with_name(f"{path.name}.version-{version}")
    number = 1
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.version-{version}-{number}")
    part = kept.with_name(f"{kept.name}.{os.getpid()}.part")
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        part.replace(kept)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _carry_out(connection: Connection, found: int) -> None:
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", MIGRATIONS)
    configuration.attributes["connection"] = connection
    if found == FIRST and connection.dialect.name == "sqlite":
        # Made without Alembic, which keeps its own note of how far a database has come.
        command.stamp(configuration, revision(FIRST))
    command.upgrade(configuration, revision(NEWEST))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {NEWEST}")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
