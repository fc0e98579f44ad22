"""An order that comes twice is known the second time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location
from scenario_runner.registry.orders import SeenOrder, note_order, note_orders
from scenario_runner.registry.tables import order_seen


def test_of_many_who_note_one_order_one_is_told_that_it_is_new(location: Location) -> None:
    with Database(location) as database:
        assert note_order(database, SeenOrder(id="4711", source="RIS", accession="A1"))
        assert not note_order(database, SeenOrder(id="4711", source="RIS", accession="A1"))
        assert note_order(database, SeenOrder(id="4711", source="OTHER"))

        def note(_: int) -> bool:
            with Database(location) as own:
                return note_order(own, SeenOrder(id="4712", source="RIS"))

        with ThreadPoolExecutor(6) as pool:
            assert sum(pool.map(note, range(6))) == 1


def test_of_many_orders_those_that_are_new_are_noted_and_the_others_stay(
    location: Location,
) -> None:
    with Database(location) as database:
        note_order(database, SeenOrder(id="N600", source="RIS", accession="BEFORE"))
        many = [SeenOrder(id=f"N{number}", source="RIS", accession="X") for number in range(1_200)]
        assert note_orders(database, [*many, many[3]]) == 1_199
        assert note_orders(database, many) == 0
        with database.reading() as connection:
            assert connection is not None
            rows = connection.execute(
                select(order_seen.c.accession, func.count()).group_by("accession")
            )
            assert sorted(tuple(row) for row in rows) == [("BEFORE", 1), ("X", 1_199)]
