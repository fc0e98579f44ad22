"""A page of studies out of the index, and how many there are: the way that costs least is chosen by how many meet it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, NamedTuple

from scenario_runner.archive.narrowing import Condition
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.archive.narrowing import Below
    from scenario_runner.archive.speaking import Speaker

_FEW: Final = 3_000
"""Studies that are sorted by themselves; of more, those of a page are found in the order of an index."""


_NO_END: Final = 1 << 62
"""More rows than there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page. selected, by: SQL, of the table of studies; plain, below: what a study has to meet."""

    selected: str
    plain: Sequence[Condition]
    below: Sequence[Below]
    by: str
    limit: int
    offset: int


class Page(NamedTuple):
    """A part of all rows of a level, in the order they were taken in. limit: None for all that follow."""

    offset: int
    limit: int | None

    def condition(self, table: str) -> Condition:
        """The rows by their numbers: nothing is worked out of those that are passed over."""
        most = _NO_END if self.limit is None else self.limit
        return Condition(
            f"{table}.id IN (SELECT id FROM {table} ORDER BY id LIMIT {most:d} OFFSET {self.offset:d})",  # noqa: S608 - names are ours
            [],
        )


class Numbers(NamedTuple):
    """Rows by their numbers."""

    numbers: Sequence[int]

    def condition(self, table: str) -> Condition:
        """That it is one of them."""
        among = json.dumps(self.numbers)
        return Condition(f"{table}.id IN (SELECT value FROM json_each(?))", [among])  # noqa: S608 - our own names


def page_of(reader: Speaker, asked: Asked) -> tuple[list[tuple], int]:  # type: ignore[type-arg]
    """The rows, and how many there are in all."""
    if not asked.below:
        return _rows(reader, asked, asked.plain), _count(reader, asked.plain)
    found = _first(reader, asked)
    if len(found) <= _FEW:
        return _rows(reader, asked, [Numbers(found).condition("studies")]), len(found)
    if len(asked.below) == 1 and not asked.plain:
        [one] = asked.below
        counted = f"SELECT count(*) FROM ({one.owners}) AS owners"  # noqa: S608
        (total,) = reader.execute(counted, one.values).fetchone()
    else:
        total = _count(reader, _all(asked))
    looked_at = [*asked.plain, *(one.one_by_one() for one in asked.below)]
    return _rows(reader, asked, looked_at), total


def _all(asked: Asked) -> list[Condition]:
    return [*asked.plain, *(one.as_set() for one in asked.below)]


def _first(reader: Speaker, asked: Asked) -> list[int]:
    """Studies that meet it, some more than few at most."""
    if len(asked.below) == 1 and not asked.plain:
        [one] = asked.below
        sql, values = one.owners, list(one.values)
    else:
        where, values = _where(_all(asked))
        sql = f"SELECT id FROM studies{where}"  # noqa: S608 - our own names
    return [int(row[0]) for row in reader.execute(f"{sql} LIMIT {_FEW + 1}", values)]


def _where(conditions: Sequence[Condition]) -> tuple[str, list[str]]:
    where = " WHERE " + " AND ".join(one.sql for one in conditions) if conditions else ""
    return where, [value for one in conditions for value in one.values]


def _count(reader: Speaker, conditions: Sequence[Condition]) -> int:
    where, values = _where(conditions)
    (total,) = reader.execute(f"SELECT count(*) FROM studies{where}", values).fetchone()  # noqa: S608
    return int(total)


def _rows(reader: Speaker, asked: Asked, conditions: Sequence[Condition]) -> list[tuple]:  # type: ignore[type-arg]
    """The rows are chosen by their numbers alone: what is counted below them is counted for those only."""
    where, values = _where(conditions)
    return reader.execute(
        f"SELECT {asked.selected} FROM studies WHERE id IN (SELECT id FROM studies{where}"  # noqa: S608
        f" ORDER BY {asked.by} LIMIT ? OFFSET ?) ORDER BY {asked.by}",
        [*values, asked.limit, asked.offset],
    ).fetchall()
