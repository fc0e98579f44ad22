"""When a patient was born and examined, as the scenario has it, and whether that agrees (FAB307)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scenario_runner.planning.dates import AgeRule, Life, study_day
from scenario_runner.planning.tagged_fields import STUDY, tagged_fields
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from scenario_runner.language.model import PatientSpec, StudySpec
    from scenario_runner.planning.blueprint import Path
    from scenario_runner.planning.findings import Findings


class PatientDates:
    """Reads the dates of patients; those that contradict each other go to ``findings``.

    today: what dates such as ``-3d`` count from.
    """

    def __init__(self, today: dt.date, findings: Findings) -> None:
        self._today, self._findings = today, findings

    def of(self, spec: PatientSpec, path: Path) -> Life:
        """What is given of the dates of a patient and its studies."""
        days = [
            self._day(spec, study, (*path, "studies", index))
            for index, study in enumerate(spec.studies)
            if study.count
        ]
        given = [each for each in days if each is not None]
        first = days[0] if days else None
        life = Life(
            birth=spec.birth_date,
            age=None if spec.age is None else AgeRule.of(spec.age),
            first=None if first is None else first[0],
            earliest=min((day for day, _ in given), default=None),
        )
        self._check(life, given, path)
        return life

    def _day(self, spec: PatientSpec, study: StudySpec, path: Path) -> tuple[dt.date, Path] | None:
        """The date of a study and where it is given, as ``date`` or in ``tags``."""
        for tags, place in ((study.tags, path), (spec.tags, path[:-2])):
            if (day := tagged_fields(tags, STUDY).get("date")) is not None:
                return day, (*place, "tags", "StudyDate")
        if study.date is None:
            return None
        return study_day(study.date, self._today), (*path, "date")

    def _check(self, life: Life, given: list[tuple[dt.date, Path]], path: Path) -> None:
        age, birth = life.age, life.birth
        if age is not None and age.impossible:
            self._note((*path, "age"), "the least age is above the greatest", "swap min and max")
            return
        born_by = birth
        if birth is None and age is not None and life.first is not None:
            born_by = age.latest_birth(life.first)
        for day, place in given:
            if born_by is not None and day < born_by:
                why = "the birth date" if birth is not None else "the birth date that the age gives"
                message = f"the study is on {day}, before {why}, {born_by}"
                self._note(place, message, "change one of them, or leave one out")
        if age is None or birth is None or life.first is None or life.first < birth:
            return
        if not age.holds(birth, life.first):
            message = f"the age does not agree with the birth date {birth} on {life.first}"
            self._note((*path, "age"), message, "leave out age or birth_date")

    def _note(self, path: Path, message: str, hint: str) -> None:
        self._findings.add(path, ValueProblem("FAB307", message, hint))
