"""Makers of patients, studies and series: one for each part, made once; the k-th entity on demand.

What all entities of a part have in common is worked out when its maker is made, for an entry of
the scenario may stand for a hundred thousand of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.language.timezones import offset_text
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning import person_name
from scenario_runner.planning.anatomy import side
from scenario_runner.planning.dates import age_on, series_start, working_time
from scenario_runner.planning.demographics import DEFAULT_LOCALE, demographics_for
from scenario_runner.planning.departments import institution, language_of
from scenario_runner.planning.examinations import ENGLISH, pick
from scenario_runner.planning.examined import Examined, leading, places, series_fields
from scenario_runner.planning.given_character_sets import given_terms, writable
from scenario_runner.planning.identity import Dice, child_seed, uid_below, uids_below
from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.named_sex import sex_of_given, sex_of_name
from scenario_runner.planning.part_identifiers import PartIdentifiers
from scenario_runner.planning.part_lookup import finder
from scenario_runner.planning.plan import (
    PlannedImage,
    PlannedPatient,
    PlannedSeries,
    PlannedStudy,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.model import NameParts
    from scenario_runner.planning.api import Demographics, Person
    from scenario_runner.planning.blueprint import Identifier, PatientPart, SeriesPart, StudyPart
    from scenario_runner.planning.departments import Department
    from scenario_runner.planning.number_ranges import Reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all makers of a case know."""

    case_name: str
    origin: str
    """What the UIDs of the case follow from: another one for each run seed and case."""
    case_seed: int
    run_seed: int
    now: dt.datetime
    zone: dt.tzinfo | None
    """Of the site, where it is given: what objects say of their dates and times."""
    site_name: str
    uid_root: str | None
    reserved: Reserved
    demographics: Mapping[str, Demographics]
    department: Department

    def identifiers(self, rule: Identifier) -> PartIdentifiers:
        """What writes the identifiers of a rule."""
        return PartIdentifiers(
            rule,
            scope=f"{self.run_seed} {self.case_name}",
            site=self.site_name,
            reserved=self.reserved,
        )

    def offset(self, date: dt.date, time: dt.time) -> str | None:
        """TimezoneOffsetFromUTC of a date and time at the site."""
        if self.zone is None:
            return None
        return offset_text(dt.datetime.combine(date, time, self.zone))


class PatientMaker:
    """Makes the patients of one part."""

    def __init__(self, part: PatientPart, setting: Setting) -> None:
        self._part, self._setting = part, setting
        self._ids = setting.identifiers(part.patient_id)
        self._source, self._locale = demographics_for(part.locale, setting.demographics)
        self._terms = _terms(part.spec.character_set)
        self._written_in = [terms for study in part.studies for terms in given_terms(part, study)]
        self._study_count = part.study_count
        self._named = _sex_of(part)
        self._find = finder(part.studies, lambda study: StudyMaker(study, part, setting))

    def make(self, nth: int, place: int) -> PlannedPatient:
        """The part's nth patient, who is the case's ``place``-th."""
        part, setting = self._part, self._setting
        spec = part.spec
        seed = child_seed(setting.case_seed, place)
        dice = Dice(seed)
        sex = spec.sex or "MF"[dice.randint(0, 1)]
        first = part.life.first_study(dice)
        sex, birth_date = self._born(sex, first, seed, dice)
        person = self._source.person(self._locale, sex, dice.bits() >> 1)
        studies: Lazy[PlannedStudy] = Lazy(self._study_count)
        patient = PlannedPatient(
            id=f"p{place + 1}",
            path=part.path,
            seed=seed,
            patient_id=self._ids.text(nth, seed, setting.now),
            issuer=spec.issuer,
            name=_name(spec.name, person),
            sex=sex,
            birth_date=birth_date,
            address=self._address(person) if spec.address is None else spec.address,
            phone=person.phone if spec.phone is None else spec.phone,
            locale=part.locale,
            character_set=self._terms,
            keep=spec.keep,
            tags=spec.tags,
            studies=studies,
        )
        if part.tagged:
            patient = replace(patient, **part.tagged)
        studies.make = partial(self._study, patient, nth, first)
        return patient

    def _address(self, person: Person) -> str:
        """Where somebody lives, in the script of the locale: nowhere, where a given character set lacks that."""
        return person.address if writable(person.address, self._written_in) else ""

    def _born(self, sex: str, first: dt.date, seed: int, dice: Dice) -> tuple[str, dt.date]:
        """Sex and birth date of somebody who can have the studies, where the scenario leaves them open.

        sex: as it is given, or drawn from both. first: the day of the first study.
        """
        part, life = self._part, self._part.life
        given = part.spec.sex or part.tagged.get("sex")
        if given is None and self._named:
            # A name is no more than a hint: whoever has a mammography is a woman all the same.
            who = [each.sexes for each in part.subjects]
            given = self._named if not who or self._named in "".join(who) else None
            sex = given or sex
        if not part.subjects:
            return sex, life.birth_date(first, dice)
        birth_date = life.birth_date(first, dice) if life.is_given else None
        months = None if birth_date is None else age_on(first, birth_date, "m")
        subject = pick(part.subjects, given or "O", months, seed)
        if given is None and sex not in subject.sexes:
            sex = subject.sexes
        return sex, birth_date or life.birth_date(first, dice, subject.ages)

    def _study(self, patient: PlannedPatient, nth: int, first: dt.date, place: int) -> PlannedStudy:
        maker, study_nth = self._find(place)
        return maker.make(patient, nth, study_nth, first, place)


class StudyMaker:
    """Makes the studies of one part, for every patient of another."""

    def __init__(self, part: StudyPart, owner: PatientPart, setting: Setting) -> None:
        self._part, self._owner, self._setting = part, owner, setting
        self._accessions = setting.identifiers(part.accession)
        self._usual = _usual_description(part)
        self._language = language_of(owner.locale)
        self._terms = given_terms(owner, part)
        self._series_count = part.series_count
        self._lead = leading(part.series)
        among = places(part.series)
        self._find = finder(
            part.series, lambda one: SeriesMaker(one, setting.uid_root, among.get(one.first))
        )

    def make(
        self, patient: PlannedPatient, patient_nth: int, nth: int, first: dt.date, place: int
    ) -> PlannedStudy:
        """The part's nth study of a patient, which is the patient's ``place``-th.

        first: the date of the patient's first study.
        """
        part, setting = self._part, self._setting
        spec = part.spec
        key = f"{patient.id}.s{place + 1}"
        seed = child_seed(patient.seed, place)
        dice = Dice(seed)
        date = part.date
        if date is None:
            date = first if place == 0 else self._owner.life.further_study(first, dice)
        time = part.time or working_time(dice)
        examined = self._examined(patient, date, seed)
        description = spec.description
        if description is None:
            description = examined.description() if examined else self._usual
        physician = spec.referring_physician
        if physician is None:
            physician = self._physician(seed)
        physician = person_name.whole(physician)
        accession = self._accessions.text(
            patient_nth * part.count + nth, seed, dt.datetime.combine(date, time), part.modality
        )
        uid = uid_below(
            setting.uid_root, setting.origin, f"{key}\n{patient.patient_id}\n{accession}"
        )
        series: Lazy[PlannedSeries] = Lazy(self._series_count)
        study = PlannedStudy(
            id=key,
            path=part.path,
            seed=seed,
            uid=uid,
            study_id=f"S{seed % 10**8:08d}",
            accession=accession,
            description=description,
            date=date,
            time=time,
            referring_physician=physician,
            institution=self._institution(seed),
            procedure=description if spec.procedure is None else spec.procedure,
            modality=part.modality,
            procedure_code=examined.code() if examined and not part.in_words else None,
            timezone_offset=setting.offset(
                part.tagged.get("date", date), part.tagged.get("time", time)
            ),
            tags=spec.tags,
            patient=patient,
            series=series,
        )
        if part.tagged:
            study = replace(study, **part.tagged)
        # Below a UID that the scenario gives, each run has its own ones all the same.
        series.make = partial(self._series, study, uid, examined)
        return study

    def _examined(self, patient: PlannedPatient, date: dt.date, seed: int) -> Examined | None:
        """What the study is of, which somebody of the patient's sex and age has."""
        if not self._part.examinations or self._lead is None:
            return None
        months = age_on(date, patient.birth_date, "m")
        able = [one for one in self._part.examinations if one.may_be_of(months)]
        if not able:
            return None
        found = pick(able, patient.sex, months, seed)
        side = self._lead.spec.laterality or found.side(seed)
        return Examined(found, side, self._language, self._terms)

    def _physician(self, seed: int) -> str:
        found = self._setting.department.physician(self._owner.locale, seed)
        if writable(found, self._terms, "PN"):
            return found
        alphabetic = found.partition("=")[0]
        if writable(alphabetic, self._terms, "PN"):
            return alphabetic
        return self._setting.department.physician(DEFAULT_LOCALE, seed)

    def _institution(self, seed: int) -> str:
        given = self._part.spec.institution
        if given is not None:
            return given
        found = institution(self._language, seed)
        return found if writable(found, self._terms) else institution(ENGLISH, seed)

    def _series(
        self, study: PlannedStudy, uid: str, examined: Examined | None, place: int
    ) -> PlannedSeries:
        maker, nth = self._find(place)
        return maker.make(study, uid, examined, nth, place)


class SeriesMaker:
    """Makes the series of one part, for every study of another.

    among: its first one's place among the series that show what the study is of; None when they do not.
    """

    def __init__(self, part: SeriesPart, uid_root: str | None, among: int | None) -> None:
        self._part, self._root, self._among = part, uid_root, among
        self._design = part.design()

    def make(
        self,
        study: PlannedStudy,
        study_uid: str,
        examined: Examined | None,
        nth: int,
        place: int,
    ) -> PlannedSeries:
        """The part's nth series of a study, which is the study's ``place``-th.

        study_uid: what the UIDs follow from. examined: what the study is of.
        """
        part = self._part
        spec = part.spec
        uid, frame_of_reference_uid = uids_below(self._root, study_uid, f"e{place + 1}")
        date, time = study.date, study.time
        if place:
            start = series_start(date, time, place)
            date, time = start.date(), start.time()
        images: Lazy[PlannedImage] = Lazy(part.image_count)
        own: dict[str, Any] = {
            "id": f"{study.id}.e{place + 1}",
            "seed": child_seed(study.seed, place),
            "uid": uid,
            "number": place + 1 if spec.number is None else spec.number + nth,
            "laterality": spec.laterality or side(part.modality, part.body_part, study.seed),
            "frame_of_reference_uid": frame_of_reference_uid,
            "date": date,
            "time": time,
        }
        design = self._design
        if examined is not None and self._among is not None:
            own["laterality"] = spec.laterality or examined.side
            design = {**design, **series_fields(part, examined, self._among + nth), **part.tagged}
        series = PlannedSeries(**{**own, **design}, study=study, images=images)
        images.make = partial(self._image, series, uid)
        return series

    def _image(self, series: PlannedSeries, series_uid: str, place: int) -> PlannedImage:
        uid = self._uid(series_uid, place)
        if self._part.uid_of is not None:
            uid = self._part.uid_of(place + 1, uid, self._uid(series_uid, 0))
        key = f"{series.id}.i{place + 1}"
        if not self._part.instances:
            return PlannedImage(id=key, uid=uid, number=place + 1, series=series)
        given = self._part.instances[place].number
        number = place + 1 if given is None else given
        return PlannedImage(id=key, uid=uid, number=number, series=series, place=place)

    def _uid(self, series_uid: str, place: int) -> str:
        given = self._part.instances[place].uid if self._part.instances else self._part.image_uid
        return given or uid_below(self._root, series_uid, f"i{place + 1}")


def _sex_of(part: PatientPart) -> str | None:
    """The sex that the name of a patient tells, if any."""
    name = part.tagged.get("name", part.spec.name)
    if isinstance(name, str):
        return sex_of_name(name, part.locale)
    return None if name is None else sex_of_given(name.given or "", part.locale)


def _name(given: str | NameParts | None, person: Person) -> str:
    if isinstance(given, str):
        return person_name.whole(given)
    asked = given is None or given.locale is not None
    return person_name.compose(given, person if asked else None)


def _terms(given: str | list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)


def _usual_description(part: StudyPart) -> str:
    if not part.series:
        return ""
    first = part.series[0]
    return " ".join(word for word in (first.modality, first.body_part) if word)
