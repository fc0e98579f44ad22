"""The patients of a registry: added, found, merged, deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from scenario_runner.database.engine import Database
from scenario_runner.database.words import WrittenMeanwhile
from scenario_runner.errors import UsageError
from scenario_runner.language.diagnostic_words import quoted
from scenario_runner.registry.adding import add_to, searched_of, settle
from scenario_runner.registry.folding import words
from scenario_runner.registry.known import BATCH, PATIENT, by_id, read_patients, taken_in
from scenario_runner.registry.patient import MadeStudy, Patient
from scenario_runner.registry.searching import conditions, having, newest
from scenario_runner.registry.tables import other_id, patient, series, stored, study

if TYPE_CHECKING:
    from sqlalchemy import Connection


class IdTaken(UsageError):
    """Somebody else has the ID."""

    def __init__(self, wanted: Patient, holder: Patient) -> None:
        self.holder = holder
        issued = f" of '{wanted.issuer}'" if wanted.issuer else ""
        merged = "" if wanted.id == holder.id else f", for it was merged into '{holder.id}'"
        super().__init__(
            f"the ID '{wanted.id}'{issued} is taken by {holder.name}, born {holder.birth_date}{merged}",
            hint="give another ID, or none to have the next free one",
        )


class People:
    """The patients of one registry. Every method is one transaction. Raises MachineError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, people: Sequence[Patient]) -> list[Patient]:
        """Keep all whose IDs are free; returns those whose IDs are taken, which are not kept."""
        while True:
            try:
                with self._database.writing() as connection:
                    return add_to(connection, people)
            except WrittenMeanwhile:
                continue  # on a server somebody else took an ID between our look and our writing

    def settle(self) -> None:
        """After many were added: let a server put its index in order, so that they are found fast."""
        with self._database.writing() as connection:
            settle(connection)

    def get(self, patient_id: str, issuer: str | None = None) -> Patient:
        """The patient of an ID, its own or one that was merged into it.

        Raises UsageError for an ID that nobody has, or that several issuers have given.
        """
        with self._database.reading() as connection:
            found = [] if connection is None else by_id(connection, patient_id, issuer)
        return _only(found, patient_id)

    def search(
        self,
        wanted: str = "",
        *,
        sex: str | None = None,
        modality: str | None = None,
        born: tuple[dt.date | None, dt.date | None] = (None, None),
        limit: int | None = None,
    ) -> list[Patient]:
        """Patients that have every word of a text somewhere, in the order they were added.

        modality: one of which a study was made. born: from, to.
        """
        with self._database.reading() as connection:
            if connection is None:
                return []
            query = PATIENT.where(*conditions(sex, modality, born))
            query = having(connection, query, words(wanted))
            # A server would sort all that fit before it gave the first few, so it is not asked to.
            found = read_patients(connection, query.limit(limit))
            return sorted(found, key=lambda one: one.number)

    def page(
        self, wanted: str, sex: str | None, limit: int, offset: int
    ) -> tuple[list[Patient], int]:
        """Some of those that ``search`` finds, the last added first, and how many there are in all."""
        met = conditions(sex, None, (None, None))
        with self._database.reading() as connection:
            if connection is None:
                return [], 0
            if asked := words(wanted):
                query = select(patient.c.number).where(*met)
                numbers, count = newest(connection, query, asked, limit, offset)
                some = PATIENT.where(patient.c.number.in_(numbers))
                return read_patients(connection, some.order_by(patient.c.number.desc())), count
            total = connection.execute(select(func.count()).select_from(patient).where(*met))
            query = PATIENT.where(*met).order_by(patient.c.number.desc())
            found = read_patients(connection, query.limit(limit).offset(offset))
            return found, int(total.scalar_one())

    def numbers(
        self,
        wanted: str = "",
        *,
        sex: str | None = None,
        modality: str | None = None,
        born: tuple[dt.date | None, dt.date | None] = (None, None),
    ) -> list[int]:
        """The numbers of all that ``search`` would find, in order; they never change."""
        with self._database.reading() as connection:
            if connection is None:
                return []
            query = select(patient.c.number).where(*conditions(sex, modality, born))
            query = having(connection, query, words(wanted))
            return sorted(connection.scalars(query))

    def numbered(self, numbers: Sequence[int]) -> list[Patient]:
        """The patients of these numbers, in their order."""
        found: list[Patient] = []
        with self._database.reading() as connection:
            for place in range(0, len(numbers) if connection is not None else 0, BATCH):
                some = patient.c.number.in_(numbers[place : place + BATCH])
                assert connection is not None
                found += read_patients(connection, PATIENT.where(some))
        by_number = {one.number: one for one in found}
        return [by_number[number] for number in numbers if number in by_number]

    def each(self, *, batch: int = 1000) -> Iterator[Patient]:
        """All of them, in the order they were added."""
        last = 0
        while True:
            with self._database.reading() as connection:
                if connection is None:
                    return
                query = PATIENT.where(patient.c.number > last)
                found = read_patients(connection, query.order_by(patient.c.number).limit(batch))
            yield from found
            if len(found) < batch:
                return
            last = found[-1].number

    def taken(self, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Patient]:
        """Who has these IDs, of those that somebody has."""
        with self._database.reading() as connection:
            return {} if connection is None else taken_in(connection, keys)

    def made_for(self, who: Patient) -> list[MadeStudy]:
        """The studies of a patient, the newest first."""
        with self._database.reading() as connection:
            return [] if connection is None else _made(connection, who.number)

    def delete(self, who: Patient) -> None:
        """Forget a patient and which studies were made for it; a PACS keeps what it has."""
        with self._database.writing() as connection:
            connection.execute(delete(patient).where(patient.c.number == who.number))

    def merge(self, gone: Patient, stays: Patient) -> Patient:
        """What an A40 does: the studies of one become another's, which keeps the ID of the first.

        Returns the patient that stays. Raises UsageError for one and the same.
        """
        if gone.number == stays.number:
            raise UsageError(
                f"both IDs are those of one patient, '{stays.id}'", hint="name two different ones"
            )
        with self._database.writing() as connection:
            locked = select(patient.c.number).where(
                patient.c.number.in_((gone.number, stays.number))
            )
            if len(connection.execute(locked.with_for_update()).all()) < 2:
                raise UsageError("one of the patients was deleted meanwhile")
            moved = {"patient": stays.number}
            connection.execute(update(study).where(study.c.patient == gone.number).values(moved))
            known = {gone.key, *gone.other_ids} - {stays.key, *stays.other_ids}
            connection.execute(delete(patient).where(patient.c.number == gone.number))
            if known:
                rows = [{**moved, "id": id_, "issuer": issuer} for id_, issuer in sorted(known)]
                connection.execute(insert(other_id), rows)
            uses = [day for day in (gone.last_used, stays.last_used) if day is not None]
            ids = (stays.id, *(id_ for id_, _ in (*stays.other_ids, *sorted(known))))
            changed = {"last_used": max(uses, default=None), "search": searched_of(stays, ids)}
            connection.execute(
                update(patient).where(patient.c.number == stays.number).values(changed)
            )
            (merged,) = read_patients(connection, PATIENT.where(patient.c.number == stays.number))
        return merged


def _only(found: Sequence[Patient], patient_id: str) -> Patient:
    if not found:
        raise UsageError(
            f"the registry has no patient {quoted(patient_id)}",
            hint="fabricate patient search TEXT finds one by a part of its name",
        )
    if len(found) > 1:
        issuers = ", ".join(f"'{one.issuer}'" for one in found)
        raise UsageError(
            f"several patients have the ID '{patient_id}', by the issuers {issuers}",
            hint="say which with --issuer",
        )
    return found[0]


def _made(connection: Connection, number: int) -> list[MadeStudy]:
    studies = select(study).where(study.c.patient == number)
    rows = [row._mapping for row in connection.execute(studies)]  # noqa: SLF001 - as above
    of_patient = study.c.patient == number
    of_study: dict[int, list[tuple[str, str]]] = {}
    for one, uid, modality in connection.execute(
        select(series.c.study, series.c.uid, series.c.modality).join(study).where(of_patient)
    ):
        of_study.setdefault(one, []).append((uid, modality))
    held: dict[int, list[tuple[str, int, dt.datetime | None]]] = {}
    for one, target, count, gone in connection.execute(
        select(stored.c.study, stored.c.target, stored.c.instances, stored.c.deleted)
        .join(study)
        .where(of_patient)
    ):
        held.setdefault(one, []).append((target, count, gone))
    made = [
        MadeStudy(
            uid=row["uid"],
            accession=row["accession"],
            description=row["description"],
            date=row["date"],
            made=row["made"],
            run=row["run"],
            series=tuple(of_study.get(row["number"], ())),
            targets=tuple(held.get(row["number"], ())),
        )
        for row in rows
    ]
    return sorted(made, key=lambda one: (one.date, one.made), reverse=True)
