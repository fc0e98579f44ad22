"""Patients noted before anything of them is sent, and forgotten again if no PACS can have anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists

from scenario_runner.registry.adding import add_to
from scenario_runner.registry.patient import Patient
from scenario_runner.registry.tables import patient, study

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scenario_runner.planning.plan import PlannedCase, PlannedPatient

_SENDS = "send"
"""The step before which patients are noted; of what another one sends they are with the first acknowledgement."""


class NotedAhead:
    """Those of a run's patients that were, or are to be, added before the step that sends them.

    So a PACS has nobody whom the registry does not know, though the run be killed in mid-step.
    """

    def __init__(self, cases: Mapping[str, PlannedCase], *, every: bool) -> None:
        self._cases = cases
        self._every = every
        self._begun: set[str] = set()
        self._waiting: list[str] = []
        self._added: set[tuple[str, str]] = set()
        self._reached: set[tuple[str, str]] = set()

    @property
    def waiting(self) -> bool:
        """Whether somebody is to be added."""
        return bool(self._waiting)

    def begins(self, case: str, step: str) -> bool:
        """A step of a case begins, which sends or does not; whether there are patients to be added before it."""
        if step != _SENDS or case not in self._cases or case in self._begun:
            return False
        self._begun.add(case)
        if not any(True for _ in self._to_keep(self._cases[case])):
            return False
        self._waiting.append(case)
        return True

    def add(self, connection: Connection) -> set[tuple[str, str]]:
        """Add whoever waits, within a transaction; ``added`` is told when it is over. Returns who was not there."""
        people = {
            one.key: one
            for case in self._waiting
            for one in map(as_kept, self._to_keep(self._cases[case]))
            if one.problem() is None  # which is told with the first acknowledgement
        }
        taken = add_to(connection, list(people.values())) if people else []
        return people.keys() - {one.key for one in taken}

    def added(self, keys: set[tuple[str, str]]) -> None:
        """These are in the registry now, and nobody waits."""
        self._waiting.clear()
        self._added |= keys

    def reached(self, case: str, place: int) -> None:
        """A PACS may have something of the patient at this place of a case, from 0."""
        patients = self._cases[case].patients
        if 0 <= place < len(patients):
            self._reached.add(as_kept(patients[place]).key)

    @property
    def in_vain(self) -> bool:
        """Whether somebody was added of whom no PACS can have anything."""
        return not self._added <= self._reached

    def take_back(self, connection: Connection) -> None:
        """Forget those added in vain, unless somebody else has made something of them meanwhile."""
        studies = exists().where(study.c.patient == patient.c.number)
        for id_, issuer in self._added - self._reached:
            of = (patient.c.id == id_, patient.c.issuer == issuer)
            connection.execute(delete(patient).where(*of, patient.c.last_used.is_(None), ~studies))

    def _to_keep(self, case: PlannedCase) -> Iterator[PlannedPatient]:
        return (one for one in case.patients if one.keep or self._every)


def as_kept(planned: PlannedPatient) -> Patient:
    """A planned patient as the registry keeps one."""
    return Patient(
        id=planned.patient_id,
        issuer=planned.issuer or "",
        name=planned.name,
        sex=planned.sex,
        birth_date=planned.birth_date,
        address=planned.address or "",
        phone=planned.phone or "",
        locale=planned.locale,
    )
