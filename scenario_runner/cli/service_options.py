"""What every command about the service's own data takes: where it is, and in whose name it is done."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenario_runner.cli.options import Decorator
from scenario_runner.database.location import location_of
from scenario_runner.service.permissions import Arrival, Caller, Role

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database
    from scenario_runner.database.location import Location

data_option: Decorator = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("imaging"),
    show_default=True,
    envvar="FABRICATE_DATA",
    help="Folder of the service; made when it is not there.",
)
database_option: Decorator = click.option(
    "--database",
    metavar="WHERE",
    envvar="FABRICATE_DATABASE",
    help="Database: a file, or postgresql://user@host/name.  [default: registry.sqlite3 in --data]",
)

config_option: Decorator = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="FABRICATE_CONFIG",
    help="Settings of the service (schema: service/v1).",
)


def location(data: Path, database: str | None) -> Location:
    """The database that is meant. Raises UsageError."""
    from scenario_runner.service.service import REGISTRY

    return location_of(database) if database else data / REGISTRY


@contextmanager
def opened(data: Path, database: str | None) -> Iterator[Database]:
    """The service's database, whether the service runs or not."""
    from scenario_runner.database.engine import Database

    with Database(location(data, database)) as found:
        yield found


def whoever_types() -> Caller:
    """The user of this machine; who may read the service's files may do what they like with them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = "somebody"
    return Caller(name, frozenset({Role.ADMIN}), Arrival.COMMAND)
