"""Where the index of a folder's studies is, when it is on a server: the folder and the database belong together."""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from scenario_runner.archive.index import Index
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.database.location import DatabaseUrl

INDEX: Final = "index.sqlite"
"""An index in the folder."""
_NOTED: Final = "index.txt"
"""Which database has the index of a folder."""
_NAMED: Final = "identity.txt"
"""What the studies of a folder are called in that database, wherever the folder is moved to."""
OF_THIS_FOLDER: Final = (_NOTED, _NAMED)
"""Files of the folder itself: a copy of its studies is another archive, which that database is not the index of."""


def require_none_on_a_server(folder: Path) -> None:
    """Raises UsageError where the index of a folder is on a server: a second one would not know what others store."""
    noted = _read(folder / _NOTED)
    if noted is not None:
        raise UsageError(
            f"the index of '{folder}' is in the database '{noted}'",
            hint=f"give --index {noted}, or remove '{folder / _NOTED}' to have it made again in the folder",
        )


def open_on_server(folder: Path, location: DatabaseUrl, store: str | None, *, joins: bool) -> Index:
    """The index in a database. store: where the studies are; None for the folder. joins: its owner has seen to the rest.

    It is not current where the folder had another index meanwhile. Raises UsageError where the database is of other
    studies, MachineError, OSError.
    """
    from scenario_runner.archive.index_server import IndexServer  # few archives need it

    server = IndexServer(location, store or _named(folder), joining=joins)
    index = Index(server, alone=False)
    if joins:
        return index
    try:
        if index.is_current and _had_another(folder, location):
            server.mark_outdated()
            index.is_current = False
        for suffix in ("", "-wal", "-shm"):  # it would be out of date if somebody came back to it
            (folder / (INDEX + suffix)).unlink(missing_ok=True)
        if _read(folder / _NOTED) != str(location):
            (folder / _NOTED).write_text(f"{location}\n", "utf-8")
    except BaseException:
        index.close()
        raise
    return index


def _had_another(folder: Path, location: DatabaseUrl) -> bool:
    """Whether studies may have come that this database was not told of: to an index in the folder, or in another database."""
    noted = _read(folder / _NOTED)
    return (folder / INDEX).exists() or (
        noted is not None and _database(noted) != _database(str(location))
    )


def _database(address: str) -> str:
    """Which one it is, whoever uses it and however patiently."""
    try:
        parts = urlsplit(address)
    except ValueError:  # somebody has edited it
        return address
    named = [
        one for one in parse_qsl(parts.query) if one[0] in ("host", "hostaddr", "port", "dbname")
    ]
    return repr((parts.netloc.rpartition("@")[2], parts.path, named))


def _named(folder: Path) -> str:
    """The name is there before the database knows it: who is killed in between finds both again."""
    file = folder / _NAMED
    name = _read(file)
    if name is None:
        name = f"{socket.gethostname()}:{folder.absolute()} ({secrets.token_hex(4)})"
        file.write_text(f"{name}\n", "utf-8")
    return name


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", errors="replace").strip() or None
    except FileNotFoundError:
        return None
