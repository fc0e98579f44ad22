"""One after the other: what of many processes only one may do at a time, within a transaction that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection

AUDIT: Final = 0x41554449
"""``AUDI``: adds an entry to the audit trail."""
LOGIN: Final = 0x4C4F474E
"""``LOGN``: counts an attempt to log in."""
DELETION: Final = 0x44454C45
"""``DELE``: decides on a deletion."""
MATCH: Final = 0x4D415443
"""``MATC``: notes what a study was matched with."""
UPLOAD: Final = 0x55504C44
"""``UPLD``: begins an upload under an id of the client's choice."""

RUN: Final = 0x52554E53
"""``RUNS``: takes a run from the queue, or starts what is scheduled."""


def take_turn(connection: Connection, what: int) -> None:
    """Wait for whoever does the same; held to the end of the transaction.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": what})
