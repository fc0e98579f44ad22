"""Patients written into the tables, and what finds them kept in step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from scenario_runner.database.many import insert_many
from scenario_runner.registry.folding import searched
from scenario_runner.registry.known import keys_taken, taken_in
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.searching import has_trigrams
from scenario_runner.registry.tables import other_id, patient

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PENDING = text(
    "SELECT gin_clean_pending_list(oid) FROM pg_class "
    "WHERE oid IN (to_regclass('patient_trigram'), to_regclass('patient_character'))"
)


def add_to(connection: Connection, people: Sequence[Patient]) -> list[Patient]:
    """Within a transaction what ``People.add`` does in one of its own."""
    held = keys_taken(connection, (one.key for one in people))
    fresh: list[Patient] = []
    taken: list[Patient] = []
    for one in people:
        (taken if one.key in held else fresh).append(one)
        held.add(one.key)
    now = dt.datetime.now(dt.UTC)
    if fresh:
        _insert(connection, [_row(one, now) for one in fresh])
    with_others = [one for one in fresh if one.other_ids]
    if with_others:
        numbers = {
            key: one.number for key, one in taken_in(connection, (p.key for p in fresh)).items()
        }
        connection.execute(
            insert(other_id),
            [
                {"patient": numbers[one.key], "id": id_, "issuer": issuer}
                for one in with_others
                for id_, issuer in dict.fromkeys(one.other_ids)
            ],
        )
    return taken


def settle(connection: Connection) -> None:
    """Let a server write what its index of parts of words has pending, and count anew for its plans.

    It would do both by itself a minute later. A user who does not own the table leaves that to it.
    """
    if connection.dialect.name != "postgresql":
        return
    with suppress(DBAPIError), connection.begin_nested():
        connection.execute(_PENDING)
    connection.execute(text("ANALYZE patient"))


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if not has_trigrams(connection):
        insert_many(connection, patient, rows)
        return
    last = connection.execute(select(func.coalesce(func.max(patient.c.number), 0))).scalar()
    insert_many(connection, patient, rows)
    connection.exec_driver_sql(
        "INSERT INTO patient_trigram(rowid, search) SELECT number, search FROM patient "
        "WHERE number > ?",
        (last,),
    )


def _row(one: Patient, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": one.id,
        "issuer": one.issuer,
        "name": one.name,
        "sex": one.sex,
        "birth_date": one.birth_date,
        "address": one.address,
        "phone": one.phone,
        "locale": one.locale,
        "created": one.created or now,
        "last_used": one.last_used,
        "search": searched_of(one, (one.id, *(id_ for id_, _ in one.other_ids))),
    }


def searched_of(one: Patient, ids: Iterable[str]) -> str:
    """What ``search`` looks in. ids: its own and others by which it is found, too."""
    return searched(
        ids=ids,
        name=one.name,
        birth_date=one.birth_date,
        phone=one.phone,
        address=one.address,
    )
