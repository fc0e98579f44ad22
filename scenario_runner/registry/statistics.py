"""What a registry holds, counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.dates import years_before
from scenario_runner.registry.tables import patient, series, study

if TYPE_CHECKING:
    from scenario_runner.database.engine import Database

_BANDS = (0, 10, 20, 30, 40, 50, 60, 70, 80, 90)
"""Where bands of age begin, in years; the last has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuchUsed:
    """A patient and how many studies it has."""

    id: str
    issuer: str
    name: str
    studies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Counts over a whole registry."""

    patients: int = 0
    used: int = 0
    """Patients for whom a study was made."""
    studies: int = 0
    by_sex: Mapping[str, int] = field(default_factory=dict)
    by_age: Mapping[str, int] = field(default_factory=dict)
    """``0-9`` … ``90+``, in completed years today."""
    by_modality: Mapping[str, int] = field(default_factory=dict)
    """Studies that have a series of it."""
    most_used: tuple[MuchUsed, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "patients": self.patients,
            "used": self.used,
            "studies": self.studies,
            "by_sex": dict(self.by_sex),
            "by_age": dict(self.by_age),
            "by_modality": dict(self.by_modality),
            "most_used": [
                {
                    "id": one.id,
                    "issuer": one.issuer or None,
                    "name": one.name,
                    "studies": one.studies,
                }
                for one in self.most_used
            ],
        }


def statistics(database: Database, today: dt.date, *, most: int = 5) -> Statistics:
    """Count a registry. most: how many of the most used patients are named. Raises MachineError."""
    with database.reading() as connection:
        if connection is None:
            return Statistics()
        band = case(
            *((patient.c.birth_date > years_before(today, start), start) for start in _BANDS[1:]),
            else_=_BANDS[-1] + 1,
        )
        counted = connection.execute(
            select(patient.c.sex, band, func.count()).group_by(patient.c.sex, band)
        ).all()
        by_sex: dict[str, int] = {}
        by_age = dict.fromkeys((_name(place) for place in range(len(_BANDS))), 0)
        for sex, end, count in counted:
            by_sex[sex] = by_sex.get(sex, 0) + count
            place = len(_BANDS) - 1 if end > _BANDS[-1] else _BANDS.index(end) - 1
            by_age[_name(place)] += count
        uses = (
            select(study.c.patient, func.count().label("studies"))
            .group_by(study.c.patient)
            .subquery()
        )
        used, studies = connection.execute(
            select(func.count(), func.coalesce(func.sum(uses.c.studies), 0)).select_from(uses)
        ).one()
        modalities = connection.execute(
            select(series.c.modality, func.count(series.c.study.distinct()))
            .group_by(series.c.modality)
            .order_by(func.count(series.c.study.distinct()).desc(), series.c.modality)
        ).all()
        top = connection.execute(
            select(patient.c.id, patient.c.issuer, patient.c.name, uses.c.studies)
            .join(uses, uses.c.patient == patient.c.number)
            .order_by(uses.c.studies.desc(), patient.c.number)
            .limit(most)
        ).all()
    return Statistics(
        patients=sum(by_sex.values()),
        used=int(used),
        studies=int(studies),
        by_sex=dict(sorted(by_sex.items())),
        by_age=by_age if by_sex else {},
        by_modality={modality: int(count) for modality, count in modalities},
        most_used=tuple(
            MuchUsed(id=id_, issuer=issuer, name=name, studies=count)
            for id_, issuer, name, count in top
        ),
    )


def _name(place: int) -> str:
    start = _BANDS[place]
    return f"{start}+" if start == _BANDS[-1] else f"{start}-{_BANDS[place + 1] - 1}"
