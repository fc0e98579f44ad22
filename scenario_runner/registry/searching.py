"""Patients looked for by parts of what is kept of them, and by what was made for them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, column, func, literal, literal_column, select, table, text

from scenario_runner.registry.tables import patient, series, study

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, Connection

_MOST_BEGINNINGS = 200
"""Of so many trigrams that begin alike some is in most patients: then those are read in turn."""
_NOWHERE = "   "
"""Three blanks, which no folded text has."""
_CHARACTERS = text("regexp_split_to_array(patient.search, '') @> CAST(:characters AS text[])")
_BEYOND_ASCII = text("patient.search ~ '[^ -~]'")
_TRIGRAM = table("patient_trigram", column("rowid"))
_IN_TURN = text("SELECT set_config('enable_seqscan', 'off', true)")
"""A server that expects many patients to fit reads all of them in turn, which takes long where few do."""
_WHOLE_TRIGRAM = re.compile(r"[a-z0-9]{3}")


def conditions(
    sex: str | None, modality: str | None, born: tuple[dt.date | None, dt.date | None]
) -> list[ColumnElement[bool]]:
    """What is asked beside words. modality: one of which a study was made; born: from, to."""
    first, last = born
    found: list[ColumnElement[bool]] = []
    if sex is not None:
        found.append(patient.c.sex == sex)
    if first is not None:
        found.append(patient.c.birth_date >= first)
    if last is not None:
        found.append(patient.c.birth_date <= last)
    if modality is not None:
        of = select(study.c.patient).join(series).where(series.c.modality == modality)
        found.append(patient.c.number.in_(of))
    return found


def having(connection: Connection, query: Select[Any], wanted: Sequence[str]) -> Select[Any]:
    """Patients that have every one of these words, of SQLite in the order of their numbers."""
    query, number = _having(connection, query, wanted)
    return query.order_by(number) if _is_sqlite(connection) else query


def _having(
    connection: Connection, query: Select[Any], wanted: Sequence[str]
) -> tuple[Select[Any], ColumnElement[int]]:
    """The same in no order; and what is a patient's number in it, in whose order they are read anyhow."""
    for word in wanted:
        query = query.where(patient.c.search.contains(word, autoescape=True))
    if not _is_sqlite(connection):
        if any(_WHOLE_TRIGRAM.search(word) for word in wanted):
            connection.execute(_IN_TURN)
        # PostgreSQL uses its index of trigrams by itself, when it has one; that of characters is named.
        short = "".join(word for word in wanted if len(word) < 3 and not word.isascii())
        if short:
            query = query.where(_CHARACTERS, _BEYOND_ASCII).params(characters=list(short))
        return query, patient.c.number
    match = _match(connection, wanted) if has_trigrams(connection) else ""
    if not match:
        return query, patient.c.number
    # The index says in which patients all the parts are; whether they follow each other is said above.
    query = query.join(_TRIGRAM, _TRIGRAM.c.rowid == patient.c.number)
    return query.where(literal_column("patient_trigram").op("MATCH")(match)), _TRIGRAM.c.rowid


def newest(
    connection: Connection,
    query: Select[Any],
    wanted: Sequence[str],
    limit: int,
    offset: int,
) -> tuple[list[int], int]:
    """Some of the numbers of those that have every one of these words, the highest first, and how many have them.

    query: of patients' numbers, in no order.
    """
    query, number = _having(connection, query, wanted)
    if _is_sqlite(connection):
        some = query.order_by(number.desc()).limit(limit).offset(offset)
        numbers = [int(value) for value in connection.scalars(some)]
        if len(numbers) < limit and (numbers or not offset):
            return numbers, offset + len(numbers)
        # What many have is counted without being kept, which takes as long again as reading it.
        counted = select(func.count()).select_from(query.subquery())
        return numbers, int(connection.execute(counted).scalar_one())
    # A server reads all that fit for the first of them, so it does that once.
    fit = query.cte("fit")
    page = select(fit).order_by(fit.c.number.desc()).limit(limit).offset(offset).subquery()
    count = select(func.count(), literal(1)).select_from(fit)
    found = connection.execute(select(page.c.number, literal(0)).union_all(count)).all()
    numbers = [int(value) for value, is_count in found if not is_count]
    return sorted(numbers, reverse=True), next(int(value) for value, is_count in found if is_count)


def _match(connection: Connection, wanted: Sequence[str]) -> str:
    """What SQLite's index of trigrams is asked; empty when nothing of it would help."""
    clauses = []
    for word in wanted:
        if len(word) >= 3:
            clauses += [_quoted(word[at : at + 3]) for at in range(len(word) - 2)]
            continue
        if len(word) == 1 and word.isascii():
            continue  # in nearly all: to read them in turn takes a tenth of putting so much of the index together
        # A shorter word, as names in Chinese characters are, begins some trigrams: any of them.
        begins = connection.exec_driver_sql(
            "SELECT term FROM patient_term WHERE term >= ? AND term < ? LIMIT ?",
            (word, word + chr(sys.maxunicode), _MOST_BEGINNINGS + 1),
        )
        terms = [_quoted(term) for (term,) in begins]
        if not terms:
            return _quoted(_NOWHERE)
        if len(terms) <= _MOST_BEGINNINGS:
            clauses.append(f"({' OR '.join(terms)})")
    return " AND ".join(dict.fromkeys(clauses))


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"'


def has_trigrams(connection: Connection) -> bool:
    """Whether this is a SQLite whose index whoever adds patients adds them to."""
    if not _is_sqlite(connection):
        return False
    asked = "SELECT 1 FROM sqlite_schema WHERE name = 'patient_trigram'"
    return connection.exec_driver_sql(asked).scalar() is not None


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
