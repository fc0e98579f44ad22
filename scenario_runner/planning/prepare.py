"""The patients of one case as parts: everything decided that the scenario decides, and checked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scenario_runner.language.model import NameParts, PatientSpec, StudySpec
from scenario_runner.planning import person_name
from scenario_runner.planning.blueprint import Path, PatientPart, StudyPart
from scenario_runner.planning.dates import study_day
from scenario_runner.planning.demographics import (
    DEFAULT_LOCALE,
    NamelessLocaleError,
    require_locale,
)
from scenario_runner.planning.examinations import Subject, subjects
from scenario_runner.planning.examined import possible, said_in_words
from scenario_runner.planning.given_character_sets import CharacterSets
from scenario_runner.planning.given_uids import GivenUids
from scenario_runner.planning.patient_dates import PatientDates
from scenario_runner.planning.prepare_series import SeriesPreparation
from scenario_runner.planning.tagged_fields import PATIENT, STUDY, tagged_fields
from scenario_runner.planning.tags import merge
from scenario_runner.planning.told_of_specs import Told
from scenario_runner.planning.value_problems import ValueProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path as FilePath

    from scenario_runner.planning.findings import Findings
    from scenario_runner.planning.identifiers import Identifiers
    from scenario_runner.planning.offers import Offers
    from scenario_runner.planning.sources import Placed

MAX_ENTITIES = 10_000_000
"""Images, or studies without any, of one case: more is a slip of the finger."""


class Preparation:
    """Turns specs into parts. What is wrong goes to ``findings``; a part is made all the same.

    folder: of the scenario, where the pictures it names are looked for. remarks: takes what is unusual and goes.
    """

    def __init__(
        self,
        offers: Offers,
        identifiers: Identifiers,
        findings: Findings,
        today: dt.date,
        folder: FilePath,
        remarks: dict[str, None],
    ) -> None:
        self._offers = offers
        self._identifiers = identifiers
        self._findings = findings
        self._today = today
        self._locales: dict[str, ValueProblem | None] = {}
        self._dates = PatientDates(today, findings, remarks)
        self._uids = GivenUids(findings)
        self._character_sets = CharacterSets(offers.demographics, findings)
        self._told = Told(findings)
        self._series = SeriesPreparation(offers, findings, today, folder, self._uids)

    def patients(self, placed: Sequence[Placed]) -> tuple[PatientPart, ...]:
        """All parts of one case."""
        self._identifiers.begin_case()
        self._uids.begin_case()
        parts = []
        first = 0
        scenario = self._findings.origins
        for one in placed:
            self._findings.origins = one.origins
            parts.append(self._patient(one.spec, ("patients", one.entry), first))
            first += one.spec.count
        self._findings.origins = scenario
        return tuple(parts)

    def too_many(self, totals: Mapping[str, int]) -> bool:
        """Whether the case has more than can be meant; then it is told where the patients are."""
        most = max(totals.values())
        if most <= MAX_ENTITIES:
            return False
        what = max(totals, key=lambda name: totals[name])
        self._findings.add(
            ("patients",),
            ValueProblem(
                "FAB312",
                f"the counts multiply to {most} {what}; {MAX_ENTITIES} is the limit of one case",
                "counts of patients, studies, series and images multiply",
            ),
            key=True,
        )
        return True

    def _patient(self, spec: PatientSpec, path: Path, first: int) -> PatientPart:
        locale = spec.locale
        if isinstance(spec.name, NameParts) and spec.name.locale is not None:
            locale = spec.name.locale
            self._locale(locale, (*path, "name", "locale"))
        if spec.locale is not None:
            self._locale(spec.locale, (*path, "locale"))
        self._name(spec.name, (*path, "name"))
        self._told.texts(spec, path, (("issuer", "LO"), ("address", "LO"), ("phone", "SH")))
        self._told.tags(spec.tags, path)
        self._character_sets.check(spec, path, locale)
        life = self._dates.of(spec, path)
        patient_id = self._identifiers.rule(
            "patient_id", spec.id, (*path, "id"), spec.count, issuer=spec.issuer or ""
        )
        studies = []
        study_first = 0
        for index, study in enumerate(spec.studies):
            below = (*path, "studies", index)
            studies.append(self._study(study, below, study_first, spec))
            study_first += study.count
        return PatientPart(
            spec=spec,
            path=path,
            first=first,
            count=spec.count,
            patient_id=patient_id,
            life=life,
            locale=locale or DEFAULT_LOCALE,
            tagged=tagged_fields(spec.tags, PATIENT),
            studies=tuple(studies),
            subjects=_subjects(studies),
        )

    def _study(self, spec: StudySpec, path: Path, first: int, patient: PatientSpec) -> StudyPart:
        self._told.texts(
            spec, path, (("description", "LO"), ("institution", "LO"), ("procedure", "LO"))
        )
        if spec.referring_physician is not None:
            problem = person_name.check(spec.referring_physician)
            self._told.note((*path, "referring_physician"), problem)
        self._told.tags(spec.tags, path)
        series = self._series.of(spec, path, patient)
        modality = spec.modality or ""
        if series:
            modality = series[0].stated_modality
        tags = merge(patient.tags, spec.tags)
        tags_of_study = tagged_fields(tags, STUDY)
        levels = ((path, spec.tags), (path[:2], patient.tags))
        self._uids.take("StudyInstanceUID", levels, patient.count * spec.count)
        return StudyPart(
            spec=spec,
            path=path,
            first=first,
            count=spec.count,
            accession=self._identifiers.rule(
                "accession",
                spec.accession,
                (*path, "accession"),
                patient.count * spec.count,
                modality=modality,
            ),
            date=tags_of_study.get("date")
            or (None if spec.date is None else study_day(spec.date, self._today)),
            time=tags_of_study.get("time") or spec.time,
            modality=modality,
            tagged=tags_of_study,
            series=series,
            examinations=possible(spec, series),
            in_words=said_in_words(spec, series),
        )

    def _name(self, name: str | NameParts | None, path: Path) -> None:
        if isinstance(name, str):
            self._told.note(path, person_name.check(name))
        elif name is not None:
            sound = True
            for field in (f for f in NameParts.model_fields if f != "locale"):
                text = getattr(name, field)
                problem = None if text is None else person_name.part_problem(field, text)
                self._told.note((*path, field), problem)
                sound = sound and problem is None
            if sound:
                self._told.note(path, person_name.check(person_name.compose(name, None)))

    def _locale(self, locale: str, path: Path) -> None:
        if locale not in self._locales:
            self._locales[locale] = self._locale_problem(locale)
        self._told.note(path, self._locales[locale])

    def _locale_problem(self, locale: str) -> ValueProblem | None:
        try:
            require_locale(locale, self._offers.demographics)
        except NamelessLocaleError as error:
            message = f"there are no names for the locale '{locale}', only American ones"
            hint = f"locales that have names: {error}      docs/reference/locales.md"
            return ValueProblem("FAB308", message, hint)
        except ValueError as error:
            near = f"near ones are: {error}"
            return ValueProblem("FAB308", f"unknown locale '{locale}'", near)
        return None


def _subjects(studies: Sequence[StudyPart]) -> Sequence[Subject]:
    """Who can have the studies of a patient, as far as anything is known of these."""
    known = [study for study in studies if study.examinations and study.count]
    if not known:
        return ()
    return subjects(
        [study.examinations for study in known],
        adult=any(study.in_words for study in known),
        several=sum(study.count for study in studies) > 1,
    )
