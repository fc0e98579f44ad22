"""Orders that were seen, so that one that comes a second time is known, and images find theirs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from scenario_runner.database.words import WrittenMeanwhile
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.registry.known import BATCH
from scenario_runner.registry.tables import order_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOrder:
    """An order as it is noted. source: who gives such numbers, or which of an order's numbers it is."""

    id: str
    """The placer's or the filler's number."""
    source: str = ""
    accession: str = ""
    patient_id: str = ""
    run: str = ""
    modality: str = ""
    """With ``date``: what it asks for when."""
    date: dt.date | None = None

    def values(self) -> dict[str, Any]:
        """A row of the table, seen now."""
        return {
            "id": self.id,
            "source": self.source,
            "accession": self.accession,
            "patient_id": self.patient_id,
            "run": self.run,
            "seen": dt.datetime.now(dt.UTC),
            "modality": self.modality,
            "date": self.date,
        }


def note_order(database: Database, order: SeenOrder) -> bool:
    """Note an order; False when it was noted before, which stays as it was.

    Of processes that note one order at once, one is told True. Raises MachineError.
    """
    try:
        with database.writing() as connection:
            return bool(_insert_new(connection, [order]))
    except WrittenMeanwhile:
        return False  # on a server somebody else noted it between our look and our writing


def note_orders(database: Database, orders: Sequence[SeenOrder]) -> int:
    """Note many in one transaction; how many of them were new. Raises MachineError."""
    try:
        with database.writing() as connection:
            return _insert_new(connection, orders)
    except WrittenMeanwhile:
        return sum(note_order(database, one) for one in orders)


def _insert_new(connection: Connection, orders: Sequence[SeenOrder]) -> int:
    first: dict[tuple[str, str], SeenOrder] = {}
    for one in orders:
        first.setdefault((one.source, one.id), one)
    ids = sorted({id_ for _, id_ in first})
    known: set[tuple[str, str]] = set()
    for place in range(0, len(ids), BATCH):
        query = select(order_seen.c.source, order_seen.c.id)
        rows = connection.execute(query.where(order_seen.c.id.in_(ids[place : place + BATCH])))
        known |= {(source, id_) for source, id_ in rows}
    new = [one.values() for key, one in first.items() if key not in known]
    if new:
        connection.execute(insert(order_seen), new)
    return len(new)
