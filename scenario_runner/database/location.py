"""Where a database is: a file, nowhere but in memory, or a server."""

from __future__ import annotations

import re
from dataclasses import field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from scenario_runner.errors import UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction.addresses import without_passwords

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A PostgreSQL database. As text it has no password."""

    url: str = field(repr=False)
    """``postgresql://…``, password and all."""

    def __str__(self) -> str:
        return self.hidden_in(self.url)

    def hidden_in(self, text: str) -> str:
        """A text that may have the address in it, without the password."""
        written = urlsplit(self.url).password
        if written:
            text = text.replace(f":{written}@", ":•••@")
        return without_passwords(text)


Location = Path | Literal[":memory:"] | DatabaseUrl


def location_of(text: str) -> Location:
    """A file by its path or as ``sqlite:///…``, ``:memory:``, or ``postgresql://…``.

    Raises UsageError for a database of another kind, or a URL that cannot be one.
    """
    if text == ":memory:":
        return ":memory:"
    scheme = _SCHEME.match(text)
    if scheme is None:
        return Path(text).expanduser()
    kind = scheme[1].lower()
    if kind == "sqlite":
        path = text[scheme.end() :].removeprefix("/")
        return Path(path).expanduser() if path else ":memory:"
    if kind not in _POSTGRESQL:
        raise UsageError(
            f"a database of the kind '{kind}' cannot be used",
            hint="name a file, or a PostgreSQL as postgresql://user@host/name",
        )
    url = "postgresql://" + text[scheme.end() :]
    try:
        urlsplit(url).port  # noqa: B018 - asked for what it raises
    except ValueError as error:
        raise UsageError(f"the address of the database is wrong: {error}") from error
    return DatabaseUrl(url)


def server_of(text: str | None, option: str) -> DatabaseUrl | None:
    """The database of a PostgreSQL that is to have an index; None where none is named. option: by which it was.

    Raises UsageError.
    """
    if not text:
        return None
    location = location_of(text)
    if not isinstance(location, DatabaseUrl):
        raise UsageError(
            f"{option}: '{location}' is no PostgreSQL",
            hint=f"postgresql://user@host/name; without {option} the index is a file beside the studies",
        )
    return location
