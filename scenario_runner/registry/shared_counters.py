"""The counters of a registry on a server. What they promise stands in ``counters``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from sqlalchemy import text

from scenario_runner.database.engine import Database
from scenario_runner.registry.number_ranges import next_range

if TYPE_CHECKING:
    from scenario_runner.database.location import Location

_KNOWN = text("SELECT next FROM counter WHERE site = :site AND rule = :rule")
_HELD = text("SELECT next FROM counter WHERE site = :site AND rule = :rule FOR UPDATE")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PUT = text(
    "INSERT INTO counter (site, rule, next) VALUES (:site, :rule, :next) "
    "ON CONFLICT (site, rule) DO UPDATE SET next = excluded.next"
)


class SharedCounters:
    """Counters in a PostgreSQL database; safe between threads, processes and machines."""

    def __init__(self, location: Location) -> None:
        self._database = Database(location)

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:
        """As ``planning.api.Counters`` says. Raises MachineError when the database cannot be used."""
        names = {"site": site, "rule": rule}
        with self._database.writing() as connection:
            known = connection.execute(_HELD, names).scalar()
            if known is None:
                # There is no row yet that could be held: of those who make it the first goes first.
                connection.execute(_LOCK, {"name": f"{site} {rule}"})
                known = connection.execute(_HELD, names).scalar()
            first, free = next_range(known, start, step, count, last)
            connection.execute(_PUT, {**names, "next": free})
        # Only now, for what is not committed may be handed out again.
        return first

    def close(self) -> None:
        """Let go of the server."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def shared_known(location: Location, site: str, rule: str) -> int | None:
    """As ``counters.known_in``."""
    with Database(location) as database, database.reading() as connection:
        if connection is None:
            return None
        found = connection.execute(_KNOWN, {"site": site, "rule": rule}).scalar()
        return None if found is None else int(found)
