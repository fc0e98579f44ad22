"""When a patient was born and examined, as the scenario has it, and whether that agrees (FAB307)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from scenario_runner.planning.dates import AgeRule, Life, study_day
from scenario_runner.planning.tagged_fields import PATIENT, STUDY, is_raw, tagged_fields
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from scenario_runner.language.model import PatientSpec, StudySpec
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings

    Level = tuple[Mapping[str, Any], Path]


_TAGS = {"PatientBirthDate": PATIENT, "StudyDate": STUDY}


class _Given(NamedTuple):
    """A date, where it is given, and whether it is meant to be wrong (``{raw: …}``)."""

    day: dt.date
    path: Path
    raw: bool = False


class PatientDates:
    """Reads the dates of patients; those that contradict each other go to ``findings``.

    today: what dates such as ``-3d`` count from. remarks: takes, in sentences, what agrees and is unusual.
    """

    def __init__(self, today: dt.date, findings: Findings, remarks: dict[str, None]) -> None:
        self._today, self._findings, self._remarks = today, findings, remarks

    def of(self, spec: PatientSpec, path: Path) -> Life:
        """What is given of the dates of a patient and its studies."""
        own: Level = (spec.tags, path)
        birth = _tagged("PatientBirthDate", own)
        if birth is None and spec.birth_date is not None:
            birth = _Given(spec.birth_date, (*path, "birth_date"))
        studies = [
            (study, (*path, "studies", index))
            for index, study in enumerate(spec.studies)
            if study.count
        ]
        days = [self._day(study, below, own) for study, below in studies]
        objects = [
            pair
            for (study, below), day in zip(studies, days, strict=True)
            for pair in _of_objects(study, below, own, (day, birth))
        ]
        # One that is wrong on purpose moves nothing else.
        every = (*days, *(day for day, _ in objects))
        given = [day.day for day in every if day is not None and not day.raw]
        first = days[0] if days else None
        kept = spec.birth_date if birth is None or birth.raw else birth.day
        life = Life(
            birth=kept,
            age=None if spec.age is None else AgeRule.of(spec.age),
            first=None if first is None else first.day,
            earliest=min(given, default=None),
        )
        self._check(life, birth, objects, path)
        if birth is not None and not birth.raw and birth.day > self._today:
            where = self._findings.place(birth.path).named
            self._remarks[f"{where}: the birth date {birth.day} is yet to come"] = None
        return life

    def _day(self, study: StudySpec, path: Path, patient: Level) -> _Given | None:
        """The date of a study and where it is given, as ``date`` or in ``tags``."""
        if (tagged := _tagged("StudyDate", (study.tags, path), patient)) is not None:
            return tagged
        if study.date is None:
            return None
        return _Given(study_day(study.date, self._today), (*path, "date"))

    def _check(
        self,
        life: Life,
        birth: _Given | None,
        objects: Sequence[tuple[_Given | None, _Given | None]],
        path: Path,
    ) -> None:
        age = life.age
        if age is not None and age.impossible:
            self._note((*path, "age"), "the least age is above the greatest", "swap min and max")
            return
        # Whoever has no birth date is born before all dates there are, unless an age says when.
        by_age = None
        if birth is None and age is not None:
            by_age = age.latest_birth(life.first or life.window()[1])
        for day, born in objects:
            if (day is not None and day.raw) or (born is not None and born.raw):
                continue
            born_by = by_age if born is None else born.day
            # A date that nobody gave may be any of these.
            studied = life.window()[0] if day is None else day.day
            if born_by is not None and studied < born_by and (day or born):
                self._contradiction(studied, day, born_by, born, birth)
        if (
            age is None
            or birth is None
            or birth.raw
            or life.first is None
            or life.first < birth.day
        ):
            return
        if not age.holds(birth.day, life.first):
            message = f"the age does not agree with the birth date {birth.day} on {life.first}"
            self._note((*path, "age"), message, "leave out age or birth_date")

    def _contradiction(
        self,
        studied: dt.date,
        day: _Given | None,
        born_by: dt.date,
        born: _Given | None,
        birth: _Given | None,
    ) -> None:
        if day is None:
            assert born is not None
            message = (
                f"PatientBirthDate is {born_by}, and the study may be on any day from {studied} on"
            )
            self._note(born.path, message, "give the study a date, or leave PatientBirthDate out")
            return
        why = "the birth date" if born is not None else "the birth date that the age may give"
        message = f"the study is on {studied}, before {why}, {born_by}"
        place = day.path if born is birth or born is None else born.path
        self._note(place, message, "change one of them, or leave one out")

    def _note(self, path: Path, message: str, hint: str) -> None:
        self._findings.add(path, ValueProblem("FAB307", message, hint))


def _of_objects(
    study: StudySpec, path: Path, patient: Level, planned: tuple[_Given | None, _Given | None]
) -> Iterator[tuple[_Given | None, _Given | None]]:
    """When objects say that they were made and whose they are born: as planned, unless ``tags`` of their own say else."""
    series: list[Level] = [
        (one.tags, (*path, "series", index)) for index, one in enumerate(study.series) if one.count
    ]
    levels: list[Level] = [(study.tags, path), patient]
    for each in [[one, *levels] for one in series] or [levels]:
        day, born = _tagged("StudyDate", *each), _tagged("PatientBirthDate", *each)
        yield day or planned[0], born or planned[1]


def _tagged(keyword: str, *levels: Level) -> _Given | None:
    """The date that the first of the levels with a legal one gives in its ``tags``."""
    for tags, path in levels:
        readings = {keyword: _TAGS[keyword][keyword]}
        for day in tagged_fields(tags, readings).values():
            return _Given(day, (*path, "tags", keyword), is_raw(tags[keyword]))
    return None
