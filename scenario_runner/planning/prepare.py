"""The patients of one case as parts: everything decided that the scenario decides, and checked."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.language.model import NameParts, PatientSpec, SeriesSpec, StudySpec
from scenario_runner.planning import judged, object_kinds, person_name
from scenario_runner.planning.blueprint import Path, PatientPart, SeriesPart, StudyPart
from scenario_runner.planning.burn_in import unwritable, written
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
from scenario_runner.planning.image_content import ImageContent, examined
from scenario_runner.planning.patient_dates import PatientDates
from scenario_runner.planning.series_faults import Faults
from scenario_runner.planning.tagged_fields import PATIENT, SERIES, STUDY, tagged_fields, text_of
from scenario_runner.planning.tags import check_tags, merge
from scenario_runner.planning.value_problems import ValueProblem, check_text

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

    folder: of the scenario, where the pictures it names are looked for.
    """

    def __init__(
        self,
        offers: Offers,
        identifiers: Identifiers,
        findings: Findings,
        today: dt.date,
        folder: FilePath,
    ) -> None:
        self._offers = offers
        self._identifiers = identifiers
        self._findings = findings
        self._today = today
        self._locales: dict[str, ValueProblem | None] = {}
        self._dates = PatientDates(today, findings)
        self._content = ImageContent(offers, folder, findings)
        self._uids = GivenUids(findings)
        self._character_sets = CharacterSets(offers.demographics, findings)
        self._faults = Faults(offers.faults, findings)

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
        self._texts(spec, path, (("issuer", "LO"), ("address", "LO"), ("phone", "SH")))
        self._tags(spec.tags, path)
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
        self._texts(spec, path, (("description", "LO"), ("institution", "LO"), ("procedure", "LO")))
        if spec.referring_physician is not None:
            problem = person_name.check(spec.referring_physician)
            self._note((*path, "referring_physician"), problem)
        self._tags(spec.tags, path)
        series = self._series_of(spec, path, patient)
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

    def _series_of(
        self, study: StudySpec, path: Path, patient: PatientSpec
    ) -> tuple[SeriesPart, ...]:
        entries: list[tuple[Path, SeriesSpec]] = [
            ((*path, "series", index), spec) for index, spec in enumerate(study.series)
        ]
        if not entries and "series" in study.model_fields_set:
            return ()  # none on purpose: an import brings them
        if not entries and study.modality is not None:
            entries = [(path, SeriesSpec())]
        if not entries:
            self._no_modality(path, "the study has neither a modality nor a series")
        made: list[SeriesPart] = []
        for below, spec in entries:
            part = self._one_series(spec, below, made, study, path, patient)
            if part is not None:
                made.append(part)
        return tuple(made)

    def _one_series(
        self,
        spec: SeriesSpec,
        path: Path,
        before: Sequence[SeriesPart],
        study: StudySpec,
        study_path: Path,
        patient: PatientSpec,
    ) -> SeriesPart | None:
        given = spec.modality or study.modality
        if given is None:
            self._no_modality(path, "neither the series nor its study has a modality")
            return None
        chosen = object_kinds.choose(given, spec.sop_class, self._offers.modalities)
        if isinstance(chosen[1], ValueProblem):
            owner = path if chosen[0] == "sop_class" or spec.modality is not None else study_path
            self._findings.add((*owner, str(chosen[0])), chosen[1])
            # Whatever else is wrong is told, too, by the usual object of the modality.
            chosen = object_kinds.choose(given, None, self._offers.modalities)
            if isinstance(chosen[1], ValueProblem):
                self._content.unknown(spec, path)
                return None
        found, sop_class = chosen
        several = (spec.frames or found.frames) > 1
        sop_class = sop_class or (several and found.multiframe_sop_class_uid) or found.sop_class_uid
        for key, contradiction in object_kinds.contradictions(spec, found, sop_class):
            self._findings.add((*path, key), contradiction)
        refers_to, nothing = object_kinds.referred(found, before)
        if nothing is not None:
            owner = path if spec.modality is not None else study_path
            self._findings.add((*owner, "modality"), nothing)
        texts = (("description", "LO"), ("protocol", "LO"), ("body_part", "CS"), ("view", "CS"))
        self._texts(spec, path, texts)
        self._tags(spec.tags, path)
        picture = self._content.picture(spec, found.modality, path)
        rows, columns = spec.size or (
            (picture.rows, picture.columns) if picture else (found.rows, found.columns)
        )
        about = examined(spec, found)
        tags = merge(patient.tags, study.tags, spec.tags)
        frames = spec.frames or found.frames
        volume = picture.planes if picture is not None and frames == 1 else 0
        images = (
            spec.images
            or len(spec.instances or ())
            or (volume if volume > 1 else found.images)
            or max(1, refers_to)
        )
        series = patient.count * study.count * spec.count
        levels = [(path, spec.tags), (study_path, study.tags), (study_path[:2], patient.tags)]
        if path == study_path:
            del levels[0]
        else:
            self._uids.not_below_its_study(path, spec.tags)
        self._uids.take("SeriesInstanceUID", levels, series)
        if spec.instances is None:
            self._uids.take("SOPInstanceUID", levels, series * images)
        else:
            self._uids.listed(path, spec, series)
        transfer_syntax = self._content.transfer_syntax(spec, found, (rows, columns), path)
        tagged = tagged_fields(tags, SERIES)
        planned = self._decided(tagged.get("body_part", about.body_part), study)
        made = judged.Object(found.key, sop_class, transfer_syntax, planned)
        for below, problem in judged.problems(tags, made):
            above = next(where for where, given in levels if below[0] in given)
            self._findings.add((*above, "tags", *below), problem)
        for below, problem in unwritable(spec, found, rows, columns):
            self._note((*path, *below), problem)
        faults = self._faults.planned(
            spec.faults,
            path,
            kind=found,
            sop_class_uid=sop_class,
            images=images,
            transfer_syntax=transfer_syntax,
        )
        sop_class = self._faults.sop_class(faults, found.modality, sop_class)
        return SeriesPart(
            spec=spec,
            path=path,
            first=sum(part.count for part in before),
            count=spec.count,
            defaults=found,
            kind=found.key,
            modality=found.modality,
            color=object_kinds.shows_color(found, sop_class),
            sop_class_uid=sop_class,
            transfer_syntax_uid=transfer_syntax,
            image_count=images,
            frames=frames,
            rows=rows,
            columns=columns,
            phantom=self._content.phantom(spec, found, about.body_part, frames),
            phantom_of=lambda body_part: self._content.phantom(spec, found, body_part, frames),
            picture=picture,
            **written(spec.burn_in),
            description=about.description,
            protocol=about.protocol,
            body_part=about.body_part,
            view=about.view,
            tags=tags,
            tagged=tagged,
            instances=tuple(spec.instances or ()),
            image_uid=text_of(tags.get("SOPInstanceUID")) or None,
            faults=faults,
            uid_of=partial(self._faults.uid, faults) if faults else None,
        )

    def _decided(self, body_part: str, study: StudySpec) -> dict[str, str]:
        """What the scenario says elsewhere than in ``tags`` and rules look at, by keyword."""
        day = self._today if study.date is None else study_day(study.date, self._today)
        return {
            "BodyPartExamined": body_part,
            "StudyDate": day.strftime("%Y%m%d"),
            "PatientBirthDate": "",  # one that is given is held to the study's day by Lives
        }

    def _name(self, name: str | NameParts | None, path: Path) -> None:
        if isinstance(name, str):
            self._note(path, person_name.check(name))
        elif name is not None:
            sound = True
            for field in (f for f in NameParts.model_fields if f != "locale"):
                text = getattr(name, field)
                problem = None if text is None else person_name.part_problem(field, text)
                self._note((*path, field), problem)
                sound = sound and problem is None
            if sound:
                self._note(path, person_name.check(person_name.compose(name, None)))

    def _locale(self, locale: str, path: Path) -> None:
        if locale not in self._locales:
            self._locales[locale] = self._locale_problem(locale)
        self._note(path, self._locales[locale])

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

    def _texts(self, spec: Any, path: Path, fields: tuple[tuple[str, str], ...]) -> None:
        for name, vr in fields:
            text = getattr(spec, name)
            if text is not None:
                self._note((*path, name), check_text(text, vr, f"'{name}'"))

    def _tags(self, tags: Mapping[str, Any], path: Path) -> None:
        check_tags(tags, partial(self._tag_problem, (*path, "tags")))

    def _tag_problem(self, path: Path, below: Path, problem: ValueProblem) -> None:
        self._findings.add((*path, *below), problem, key=problem.of_key)

    def _no_modality(self, path: Path, message: str) -> None:
        names = ", ".join(sorted(object_kinds.usual(self._offers.modalities)))
        how = "write modality: on the study or on each series"
        if self._findings.place(path).label:
            how = "give those that name none one: modality: DX beside the files, or --modality DX"
        hint = f"{how}; modalities are: {names}"
        self._findings.add(path, ValueProblem("FAB306", message, hint))

    def _note(self, path: Path, problem: ValueProblem | None) -> None:
        if problem is not None:
            self._findings.add(path, problem)


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
