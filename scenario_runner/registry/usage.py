"""What a run makes for patients that are kept: who before it is sent, what once a PACS has acknowledged it, and its orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import field
from time import monotonic
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from scenario_runner.amounts import amount
from scenario_runner.errors import MachineError
from scenario_runner.events import (
    CaseFinished,
    Deletion,
    InstanceSent,
    RunFinished,
    RunStarted,
    Stamped,
    StepFinished,
    StepStarted,
)
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.registry.adding import add_to
from scenario_runner.registry.known import by_id
from scenario_runner.registry.noted_ahead import NotedAhead, as_kept
from scenario_runner.registry.orders import SeenOrder, note_orders
from scenario_runner.registry.tables import patient, series, stored, study

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.database.engine import Database
    from scenario_runner.planning.plan import PlannedCase, PlannedPatient, PlannedStudy


_NOTED_EVERY = 0.25
"""Seconds between notes while a step goes on: so much is unknown of the studies of a run that is killed."""


@dataclass(slots=True)
class _Made:
    """A study of which some target has acknowledged something. ``new``: since it was last noted."""

    patient: PlannedPatient
    study: PlannedStudy
    series: dict[str, str] = field(default_factory=dict)
    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    new: bool = False


class UsageNotes:
    """A consumer of events that tells the registry. It never stops a run: what it cannot note it says.

    A patient is noted before anything is sent, and forgotten at the end if no PACS can have anything; studies are once
    something of them was acknowledged.

    cases: of the run, by ID. every: whether all patients are kept, or those that ask for it. orders: that the
    studies of the run come from; they are noted when it begins, before images can come to look for theirs.
    """

    def __init__(
        self,
        database: Database,
        run: str,
        cases: Mapping[str, PlannedCase],
        *,
        every: bool = False,
        orders: Sequence[SeenOrder] = (),
    ) -> None:
        self._database = database
        self._run = run
        self._cases = cases
        self._every = every
        self._orders = list(orders)
        self._made: dict[tuple[str, str], _Made | None] = {}
        self._series: dict[tuple[str, str], bool] = {}
        self._deleted: list[tuple[str, str]] = []
        self._ahead = NotedAhead(cases, every=every)
        self._last_note = 0.0
        self._trouble: str | None = None
        self._others: dict[str, str] = {}

    @property
    def problems(self) -> list[str]:
        """What the registry could not be told, in sentences; empty when it knows all."""
        waiting = self._waiting()
        told = list(self._others.values())
        if self._trouble is not None and self._orders:
            told.append(
                f"the registry was not told of {amount(len(self._orders), 'order')}: {self._trouble}"
            )
        if self._trouble is not None and (waiting or self._deleted):
            told.append(
                f"the registry was not told of {len(waiting)} of the studies that were made: "
                f"{self._trouble}"
            )
        return told

    def handle(self, stamped: Stamped) -> None:
        """Take one event; what it means is noted before images are sent, every quarter of a second, and when a step is over."""
        match stamped.event:
            case InstanceSent() as sent:
                self._answered(sent)
            case StepStarted() as begun:
                if self._ahead.begins(begun.case, begun.step):
                    self._note()
            case Deletion(done=True) as gone:
                self._deleted += [(gone.target, uid) for uid in gone.studies]
            case RunStarted() | StepFinished() | CaseFinished() | RunFinished():
                self._note()

    def close(self) -> None:
        """Try once more what could not be noted, forget who was noted in vain, and let go of the registry."""
        self._note()
        self._take_back()
        self._database.close()

    def _waiting(self) -> list[_Made]:
        return [one for one in self._made.values() if one is not None and one.new]

    def _answered(self, sent: InstanceSent) -> None:
        key = sent.image.split(".")
        if len(key) != 4 or sent.case not in self._cases:
            return
        if sent.stored:
            self._acknowledged(sent, key)
            # While a registry is locked or away each try waits a minute: then it is tried between steps alone.
            if self._trouble is None and monotonic() - self._last_note >= _NOTED_EVERY:
                self._note()
        elif sent.maybe_stored:
            self._ahead.reached(sent.case, _place(key[0]))

    def _acknowledged(self, sent: InstanceSent, key: list[str]) -> None:
        study_key = (sent.case, ".".join(key[:2]))
        if study_key not in self._made:
            self._made[study_key] = self._planned(sent.case, key)
            self._ahead.reached(sent.case, _place(key[0]))
        made = self._made[study_key]
        if made is None:
            return
        series_key = (sent.case, ".".join(key[:3]))
        if series_key not in self._series:
            self._series[series_key] = self._is_planned(made, key, sent.uid)
        if self._series[series_key]:
            made.acknowledged.setdefault(sent.target, set()).add(sent.image)
            made.new = True

    def _planned(self, case: str, key: list[str]) -> _Made | None:
        places = [_place(part) for part in key[:2]]
        patients = self._cases[case].patients
        if not 0 <= places[0] < len(patients):
            return None
        one = patients[places[0]]
        if not (one.keep or self._every) or not 0 <= places[1] < len(one.studies):
            return None
        return _Made(one, one.studies[places[1]])

    def _is_planned(self, made: _Made, key: list[str], uid: str) -> bool:
        """Whether a series is the plan's own; one that was taken in from files has other UIDs."""
        places = [_place(part) for part in key[2:]]
        if not 0 <= places[0] < len(made.study.series):
            return False
        planned = made.study.series[places[0]]
        if not 0 <= places[1] < len(planned.images) or planned.images[places[1]].uid != uid:
            return False
        made.series[planned.uid] = planned.modality
        return True

    def _note(self) -> None:
        waiting = self._waiting()
        if not (waiting or self._deleted or self._orders or self._ahead.waiting):
            return
        try:
            if self._orders:
                note_orders(self._database, self._orders)
                self._orders.clear()
            with self._database.writing() as connection:
                now = dt.datetime.now(dt.UTC)
                added = self._ahead.add(connection)
                for one in waiting:
                    self._note_study(connection, one, now)
                for target, uid in self._deleted:
                    of = select(study.c.number).where(study.c.uid == uid)
                    connection.execute(
                        update(stored)
                        .where(stored.c.target == target, stored.c.study.in_(of))
                        .values(deleted=now)
                    )
        except MachineError as error:
            self._trouble = error.message
            return
        self._trouble = None
        if waiting:
            self._last_note = monotonic()
        for one in waiting:
            one.new = False
        self._deleted.clear()
        self._ahead.added(added)

    def _take_back(self) -> None:
        if not self._ahead.in_vain:
            return
        try:
            with self._database.writing() as connection:
                self._ahead.take_back(connection)
        except MachineError as error:
            self._others[""] = (
                f"patients of whom nothing was stored are left in it: {error.message}"
            )

    def _note_study(self, connection: Connection, made: _Made, now: dt.datetime) -> None:
        number = self._number(connection, made.patient)
        if number is None:
            return
        connection.execute(update(patient).where(patient.c.number == number).values(last_used=now))
        planned = made.study
        known = connection.execute(
            select(study.c.number).where(study.c.uid == planned.uid)
        ).scalar()
        if known is None:
            values = {
                "patient": number,
                "uid": planned.uid,
                "accession": planned.accession,
                "description": planned.description,
                "date": planned.date,
                "made": now,
                "run": self._run,
            }
            (known,) = connection.execute(insert(study).values(values)).inserted_primary_key or (0,)
        there = set(connection.scalars(select(series.c.uid).where(series.c.study == known)))
        fresh = [
            {"study": known, "uid": uid, "modality": modality}
            for uid, modality in made.series.items()
            if uid not in there
        ]
        if fresh:
            connection.execute(insert(series), fresh)
        for target, images in made.acknowledged.items():
            values = {"instances": len(images), "at": now, "deleted": None}
            of = (stored.c.study == known, stored.c.target == target)
            if not connection.execute(update(stored).where(*of).values(values)).rowcount:
                connection.execute(
                    insert(stored).values({"study": known, "target": target, **values})
                )

    def _number(self, connection: Connection, planned: PlannedPatient) -> int | None:
        """The registry's number of a patient, who is kept now if it was not; None if it cannot be."""
        one = as_kept(planned)
        found = by_id(connection, one.id, one.issuer)
        if not found:
            if problem := one.problem():
                self._others[planned.id] = f"'{one.id}' is not kept: {problem.message}"
                return None
            add_to(connection, [one])
            found = by_id(connection, one.id, one.issuer)
        return found[0].number


def _place(part: str) -> int:
    """Where a part of an image's key stands in the plan, from 0; -1 for none."""
    return int(part[1:]) - 1 if part[1:].isdigit() else -1
