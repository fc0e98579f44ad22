"""What a database says when it cannot, as a sentence with a way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, IntegrityError

from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.postgresql import SILENT, of_server
from scenario_runner.database.sqlite_file import REGISTRY, Called, in_words
from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from scenario_runner.database.location import Location

_OTHER = "name another registry with --registry"


class WrittenMeanwhile(MachineError):
    """On a server somebody else wrote what may be there once, between a look and the writing."""


@contextmanager
def in_registry_words(location: Location, called: Called = REGISTRY) -> Iterator[None]:
    """Turn what a driver or the file system raises into a MachineError about this registry.

    What is there already is a WrittenMeanwhile: whoever looked before may look again.
    """
    try:
        yield
    except IntegrityError as error:
        told = sentence(location, error.orig, called)
        raise WrittenMeanwhile(told.message, hint=told.hint) from error
    except DBAPIError as error:
        raise sentence(location, error.orig, called) from error
    except (sqlite3.Error, OSError) as error:
        raise sentence(location, error, called) from error


def sentence(location: Location, error: Any, called: Called = REGISTRY) -> MachineError:
    """error: of sqlite3, of psycopg, or of the file system. called: what a file is; a server's is a registry."""
    if not isinstance(location, DatabaseUrl):
        if isinstance(location, Path) and location.is_dir():
            return MachineError(
                f"the registry '{location}' is a folder", hint="--registry takes the name of a file"
            )
        return in_words(location, error, called)
    reason, hint, told = of_server(error)
    if reason == SILENT:
        hint += "; no number was handed out that could come again"
    told = location.hidden_in(told)
    return MachineError(f"the registry '{location}' {reason}: {told}", hint=hint or _OTHER)
