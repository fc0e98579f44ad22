"""Patients read from the tables, and found by the IDs they have or had."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Select, Text, any_, func, literal, select

from scenario_runner.registry.patient import Patient
from scenario_runner.registry.tables import other_id, patient, study

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

BATCH = 500
"""How many values one statement names."""
_STUDIES = (
    select(func.count())
    .where(study.c.patient == patient.c.number)
    .scalar_subquery()
    .label("studies")
)
PATIENT = select(patient, _STUDIES)
"""What ``read`` reads; conditions are added to it."""


def by_id(connection: Connection, patient_id: str, issuer: str | None) -> list[Patient]:
    """Who has an ID; else those it was merged into. issuer: None for any."""
    own = PATIENT.where(patient.c.id == patient_id)
    others = select(other_id.c.patient).where(other_id.c.id == patient_id)
    if issuer is not None:
        own = own.where(patient.c.issuer == issuer)
        others = others.where(other_id.c.issuer == issuer)
    return read_patients(connection, own) or read_patients(
        connection, PATIENT.where(patient.c.number.in_(others))
    )


def keys_taken(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these IDs and issuers that are somebody's, or of somebody who was merged.

    The same as of ``taken_in``, for where nobody asks who has them: adding thousands asks for each.
    """
    found: set[tuple[str, str]] = set()
    for issuer, ids in _by_issuer(keys):
        for columns in (patient.c, other_id.c):
            for some in _among(connection, columns.id, ids):
                query = select(columns.id).where(columns.issuer == issuer, some)
                found.update((id_, issuer) for id_ in connection.scalars(query))
    return found


def _among(
    connection: Connection, column: ColumnElement[str], values: Sequence[str]
) -> Iterator[ColumnElement[bool]]:
    """That a column has one of the values: as one array where the database takes it, else in batches."""
    if connection.dialect.name == "postgresql":
        yield column == any_(literal(list(values), ARRAY(Text)))
        return
    for place in range(0, len(values), BATCH):
        yield column.in_(values[place : place + BATCH])


def _by_issuer(keys: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    wanted = sorted(set(keys), key=lambda key: key[1])
    for issuer, group in itertools.groupby(wanted, key=lambda key: key[1]):
        yield issuer, [key[0] for key in group]


def taken_in(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Patient]:
    """Who has these IDs and issuers, its own or those that were merged into it."""
    found: dict[tuple[str, str], Patient] = {}
    for issuer, ids in _by_issuer(keys):
        for place in range(0, len(ids), BATCH):
            asked = ids[place : place + BATCH]
            found |= _merged(connection, asked, issuer)
            some = patient.c.id.in_(asked)
            found |= {
                one.key: one
                for one in read_patients(
                    connection, PATIENT.where(patient.c.issuer == issuer, some)
                )
            }
    return found


def _merged(
    connection: Connection, ids: Sequence[str], issuer: str
) -> dict[tuple[str, str], Patient]:
    """Into whom the patients of these IDs were merged."""
    query = select(other_id.c.id, other_id.c.patient).where(
        other_id.c.id.in_(ids), other_id.c.issuer == issuer
    )
    into = [(id_, number) for id_, number in connection.execute(query)]
    if not into:
        return {}
    holders = PATIENT.where(patient.c.number.in_({number for _, number in into}))
    by_number = {one.number: one for one in read_patients(connection, holders)}
    return {(id_, issuer): by_number[number] for id_, number in into}


def read_patients(connection: Connection, query: Select[Any]) -> list[Patient]:
    """The patients of a query that began as ``PATIENT``, each with its other IDs."""
    rows = [row._mapping for row in connection.execute(query)]  # noqa: SLF001 - a public name of SQLAlchemy's
    others: dict[int, list[tuple[str, str]]] = {}
    numbers = [int(row["number"]) for row in rows]
    for place in range(0, len(numbers), BATCH):
        some = other_id.c.patient.in_(numbers[place : place + BATCH])
        for number, id_, issuer in connection.execute(
            select(other_id.c.patient, other_id.c.id, other_id.c.issuer).where(some)
        ):
            others.setdefault(number, []).append((id_, issuer))
    columns = [column.name for column in patient.columns if column.name != "search"]
    return [
        Patient(
            other_ids=tuple(others.get(row["number"], ())),
            studies=int(row["studies"]),
            **{name: row[name] for name in columns},
        )
        for row in rows
    ]
