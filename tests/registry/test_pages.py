"""A page of those who fit is put together by the database: what a list does not show is not read."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from scenario_runner.database.engine import Database
from scenario_runner.database.location import Location
from scenario_runner.registry.people import People
from tests.registry.people import person

COUNT = 120


@pytest.mark.parametrize("wanted", ["e", "an", "jane", "jane p0", "citizen 1970", "山"])
def test_pages_of_a_search_are_those_of_all_that_it_finds(wanted: str, location: Location) -> None:
    names = ("CITIZEN^JANE", "DOE^JEAN", "YAMADA^TAROU=山田^太郎")
    with Database(location) as database:
        people = People(database)
        people.add([person(f"P{number:04}", names[number % 3]) for number in range(COUNT)])
        found = people.search(wanted)[::-1]
        paged = [people.page(wanted, None, 7, offset) for offset in range(0, COUNT + 7, 7)]
        assert [one.id for some, _ in paged for one in some] == [one.id for one in found]
        assert {total for _, total in paged} == {len(found)}
        assert len(found) >= COUNT // 3
        assert people.page(wanted, "M", 7, 0) == ([], 0)


def test_of_many_that_fit_the_rows_of_one_page_come(location: Location) -> None:
    sent: list[int] = []
    with Database(location) as database:
        people = People(database)
        people.add([person(f"P{number:04}") for number in range(COUNT)])
        database.stay_open()

        def count(_c: object, cursor: object, *_: object) -> None:
            sent.append(getattr(cursor, "rowcount", 0))

        if database.dialect == "postgresql":  # SQLite does not say how many there are
            event.listen(database.engine, "after_cursor_execute", count)
        some, total = people.page("jane", None, 5, 0)
    assert ([one.id for one in some], total) == ([f"P{n:04}" for n in range(119, 114, -1)], COUNT)
    assert max(sent, default=0) <= 6
