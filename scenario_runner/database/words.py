"""What a database says when it cannot, as a sentence with a way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError, IntegrityError

from scenario_runner.database.location import DatabaseUrl
from scenario_runner.database.sqlite_file import in_words
from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from scenario_runner.database.location import Location

_OTHER = "name another registry with --registry"
_SERVER = {
    "28": ("refuses the user or the password", "see to the user and the password in its address"),
    "3D": ("has no database of that name", "create it: createdb NAME"),
    "42501": (
        "lets this user not do that",
        "grant the user CREATE and USAGE on the schema, and ALL on its tables and sequences",
    ),
    "25006": ("is read-only", "name the primary server, not one that follows it"),
    "55P03": (
        "was locked by another process for too long",
        "see which program holds it open; this program never holds it for long",
    ),
    "53100": ("has a full disk", "make room on the server"),
    "53300": ("takes no more connections", "raise max_connections, or run fewer at once"),
    "22P05": (
        "keeps text in a character set that lacks some letters",
        "create it with ENCODING 'UTF8'",
    ),
}
"""By SQLSTATE, or the class of it (PostgreSQL, appendix A)."""


class WrittenMeanwhile(MachineError):
    """On a server somebody else wrote what may be there once, between a look and the writing."""


@contextmanager
def said(location: Location) -> Iterator[None]:
    """Turn what a driver or the file system raises into a MachineError about this registry.

    What is there already is a WrittenMeanwhile: whoever looked before may look again.
    """
    try:
        yield
    except IntegrityError as error:
        told = sentence(location, error.orig)
        raise WrittenMeanwhile(told.message, hint=told.hint) from error
    except DBAPIError as error:
        raise sentence(location, error.orig) from error
    except (sqlite3.Error, OSError) as error:
        raise sentence(location, error) from error


def sentence(location: Location, error: Any) -> MachineError:
    """error: of sqlite3, of psycopg, or of the file system."""
    if not isinstance(location, DatabaseUrl):
        if isinstance(location, Path) and location.is_dir():
            return MachineError(
                f"the registry '{location}' is a folder", hint="--registry takes the name of a file"
            )
        return in_words(location, error)
    state = getattr(error, "sqlstate", None) or ""
    known = _SERVER.get(state) or _SERVER.get(state[:2])
    told = " ".join(str(error).split())
    if known is None and (not state or state[:2] in ("08", "57")):
        if "password" in told or "authentication" in told:
            known = _SERVER["28"]
        elif "does not exist" in told:
            known = _SERVER["3D"]
        else:
            return MachineError(
                f"the registry '{location}' does not answer: {told}",
                hint="see that the server runs; no number was handed out that could come again",
            )
    if known is not None:
        return MachineError(f"the registry '{location}' {known[0]}: {told}", hint=known[1])
    return MachineError(f"the registry '{location}' cannot be used: {told}", hint=_OTHER)
