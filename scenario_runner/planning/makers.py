"""Makers of patients, studies and series: one for each part, made once; the k-th entity on demand.

What all entities of a part have in common is worked out when its maker is made, for an entry of
the scenario may stand for a hundred thousand of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.language.timezones import offset_text
from scenario_runner.planning import person_name
from scenario_runner.planning.anatomy import side
from scenario_runner.planning.dates import series_start, working_time
from scenario_runner.planning.demographics import demographics_for
from scenario_runner.planning.identity import (
    Dice,
    child_seed,
    derive_seed,
    uid_below,
    uids_below,
)
from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.numbering import Numbering
from scenario_runner.planning.places import finder
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
    from scenario_runner.planning.numbers import Reserved

PHYSICIANS = 100
"""How many referring physicians a case knows in each locale."""
INSTITUTION = "SYNTHETIC GENERAL HOSPITAL"


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
    _physicians: dict[tuple[str, int], str] = field(default_factory=dict)

    def numbering(self, rule: Identifier) -> Numbering:
        """What writes the identifiers of a rule."""
        return Numbering(
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

    def physician(self, locale: str, number: int) -> str:
        """One of the physicians who refer to this department, of the patient's locale."""
        key = (locale, number)
        if key not in self._physicians:
            source, rest = demographics_for(locale, self.demographics)
            seed = derive_seed(self.case_seed, "physician", number)
            self._physicians[key] = person_name.compose(None, source.person(rest, "O", seed))
        return self._physicians[key]


class PatientMaker:
    """Makes the patients of one part."""

    def __init__(self, part: PatientPart, setting: Setting) -> None:
        self._part, self._setting = part, setting
        self._ids = setting.numbering(part.patient_id)
        self._source, self._locale = demographics_for(part.locale, setting.demographics)
        self._terms = _terms(part.spec.character_set)
        self._study_count = part.study_count
        self._find = finder(part.studies, lambda study: StudyMaker(study, part, setting))

    def make(self, nth: int, place: int) -> PlannedPatient:
        """The part's nth patient, who is the case's ``place``-th."""
        part, setting = self._part, self._setting
        spec = part.spec
        seed = child_seed(setting.case_seed, place)
        dice = Dice(seed)
        sex = spec.sex or "MF"[dice.randint(0, 1)]
        first = part.life.first_study(dice)
        birth_date = part.life.birth_date(first, dice)
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
            address=person.address if spec.address is None else spec.address,
            phone=person.phone if spec.phone is None else spec.phone,
            locale=part.locale,
            character_set=self._terms,
            tags=spec.tags,
            studies=studies,
        )
        if part.said:
            patient = replace(patient, **part.said)
        studies.make = partial(self._study, patient, nth, first)
        return patient

    def _study(self, patient: PlannedPatient, nth: int, first: dt.date, place: int) -> PlannedStudy:
        maker, study_nth = self._find(place)
        return maker.make(patient, nth, study_nth, first, place)


class StudyMaker:
    """Makes the studies of one part, for every patient of another."""

    def __init__(self, part: StudyPart, owner: PatientPart, setting: Setting) -> None:
        self._part, self._owner, self._setting = part, owner, setting
        self._accessions = setting.numbering(part.accession)
        spec = part.spec
        self._description = (
            _study_description(part) if spec.description is None else spec.description
        )
        self._procedure = self._description if spec.procedure is None else spec.procedure
        self._institution = INSTITUTION if spec.institution is None else spec.institution
        self._series_count = part.series_count
        self._find = finder(part.series, lambda series: SeriesMaker(series, setting.uid_root))

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
        physician = spec.referring_physician
        if physician is None:
            physician = setting.physician(self._owner.locale, seed % PHYSICIANS)
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
            description=self._description,
            date=date,
            time=time,
            referring_physician=physician,
            institution=self._institution,
            procedure=self._procedure,
            modality=part.modality,
            timezone_offset=setting.offset(date, time),
            tags=spec.tags,
            patient=patient,
            series=series,
        )
        if part.said:
            study = replace(study, **part.said)
        # Below a UID that the scenario gives, each run has its own ones all the same.
        series.make = partial(self._series, study, uid)
        return study

    def _series(self, study: PlannedStudy, uid: str, place: int) -> PlannedSeries:
        maker, nth = self._find(place)
        return maker.make(study, uid, nth, place)


class SeriesMaker:
    """Makes the series of one part, for every study of another."""

    def __init__(self, part: SeriesPart, uid_root: str | None) -> None:
        self._part, self._root = part, uid_root
        self._design = part.design()

    def make(self, study: PlannedStudy, study_uid: str, nth: int, place: int) -> PlannedSeries:
        """The part's nth series of a study, which is the study's ``place``-th.

        study_uid: what the UIDs follow from.
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
        series = PlannedSeries(**{**own, **self._design}, study=study, images=images)
        images.make = partial(self._image, series, uid)
        return series

    def _image(self, series: PlannedSeries, series_uid: str, place: int) -> PlannedImage:
        number = place + 1
        uid = self._part.image_uid or uid_below(self._root, series_uid, f"i{number}")
        if self._part.uid_of is not None:
            uid = self._part.uid_of(number, uid, uid_below(self._root, series_uid, "i1"))
        return PlannedImage(id=f"{series.id}.i{number}", uid=uid, number=number, series=series)


def _name(given: str | NameParts | None, person: Person) -> str:
    if isinstance(given, str):
        return given
    asked = given is None or given.locale is not None
    return person_name.compose(given, person if asked else None)


def _terms(given: str | list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)


def _study_description(part: StudyPart) -> str:
    if not part.series:
        return ""
    first = part.series[0]
    return " ".join(word for word in (first.modality, first.body_part) if word)
