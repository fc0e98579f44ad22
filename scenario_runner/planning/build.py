"""From parts to patients, studies, series and images: the k-th of each on demand."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from functools import partial
from random import Random
from typing import TYPE_CHECKING, TypeVar

from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.planning import person_name
from scenario_runner.planning.anatomy import side
from scenario_runner.planning.blueprint import (
    CasePart,
    Identifier,
    PatientPart,
    SeriesPart,
    StudyPart,
)
from scenario_runner.planning.dates import series_start, working_time
from scenario_runner.planning.identifiers import VRS
from scenario_runner.planning.identity import Dice, derive_seed, derive_uid
from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.plan import (
    PlannedCase,
    PlannedImage,
    PlannedPatient,
    PlannedSeries,
    PlannedStudy,
)
from scenario_runner.planning.prepare import demographics_for
from scenario_runner.planning.shuffle import shuffled
from scenario_runner.planning.values import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scenario_runner.language.model import NameParts
    from scenario_runner.planning.api import Demographics, Person
    from scenario_runner.planning.numbers import Reserved

_P = TypeVar("_P", PatientPart, StudyPart, SeriesPart)

PHYSICIANS = 100
"""How many referring physicians a case knows in each locale."""
INSTITUTION = "SYNTHETIC GENERAL HOSPITAL"


class Builder:
    """Makes the entities of one case; keeps none, and makes the same again when asked again."""

    def __init__(
        self,
        case: CasePart,
        *,
        index: int,
        run_seed: int,
        now: dt.datetime,
        site_name: str,
        uid_root: str | None,
        reserved: Reserved,
        demographics: Mapping[str, Demographics],
    ) -> None:
        self._case = case
        self._index = index
        self._run_seed = run_seed
        self._seed = derive_seed(run_seed, case.id)
        self._now = now
        self._site_name = site_name
        self._root = uid_root
        self._reserved = reserved
        self._demographics = demographics
        self._physicians: dict[tuple[str, int], str] = {}

    def case(self) -> PlannedCase:
        """The case; nothing below it is made yet."""
        totals = self._case.totals()
        find = finder(self._case.patients)
        return PlannedCase(
            id=self._case.id,
            name=self._case.name,
            matrix=self._case.matrix,
            index=self._index,
            seed=self._seed,
            vars=self._case.vars,
            patients=Lazy(totals["patients"], lambda place: self._patient(*find(place), place)),
            totals=totals,
        )

    def _patient(self, part: PatientPart, nth: int, place: int) -> PlannedPatient:
        key = f"p{place + 1}"
        seed = derive_seed(self._seed, key)
        dice = Dice(seed)
        spec = part.spec
        sex = spec.sex or "MF"[dice.randint(0, 1)]
        first = part.life.first_study(dice)
        birth_date = part.life.birth_date(first, dice)
        source, locale = demographics_for(part.locale, self._demographics)
        person = source.person(locale, sex, Random(seed))  # noqa: S311 - reproducible on purpose
        studies: Lazy[PlannedStudy] = Lazy(part.study_count)
        patient = PlannedPatient(
            id=key,
            path=part.path,
            seed=seed,
            patient_id=self._identifier(part.patient_id, nth, seed, self._now, ""),
            issuer=spec.issuer,
            name=_name(spec.name, person),
            sex=sex,
            birth_date=birth_date,
            address=spec.address if spec.address is not None else person.address,
            phone=spec.phone if spec.phone is not None else person.phone,
            locale=part.locale,
            character_set=_terms(spec.character_set),
            tags=spec.tags,
            studies=studies,
        )
        find = finder(part.studies)
        studies.make = lambda at: self._study(patient, part, nth, first, *find(at), at)
        return patient

    def _study(
        self,
        patient: PlannedPatient,
        owner: PatientPart,
        patient_nth: int,
        first: dt.date,
        part: StudyPart,
        nth: int,
        place: int,
    ) -> PlannedStudy:
        key = f"{patient.id}.s{place + 1}"
        seed = derive_seed(self._seed, key)
        dice = Dice(seed)
        spec = part.spec
        date = part.date
        if date is None:
            date = first if place == 0 else owner.life.further_study(first, dice)
        time = spec.time or working_time(dice)
        physician = spec.referring_physician
        if physician is None:
            physician = self._physician(owner.locale, seed % PHYSICIANS)
        accession = self._identifier(
            part.accession,
            patient_nth * part.count + nth,
            seed,
            dt.datetime.combine(date, time),
            part.modality,
        )
        description = spec.description
        if description is None:
            description = _study_description(part)
        series: Lazy[PlannedSeries] = Lazy(part.series_count)
        study = PlannedStudy(
            id=key,
            path=part.path,
            seed=seed,
            uid=derive_uid(
                self._root, self._run_seed, self._case.id, key, patient.patient_id, accession
            ),
            study_id=f"S{seed % 10**8:08d}",
            accession=accession,
            description=description,
            date=date,
            time=time,
            referring_physician=physician,
            institution=INSTITUTION if spec.institution is None else spec.institution,
            procedure=description if spec.procedure is None else spec.procedure,
            modality=part.modality,
            tags=spec.tags,
            patient=patient,
            series=series,
        )
        find = finder(part.series)
        series.make = lambda at: self._series(study, *find(at), at)
        return study

    def _physician(self, locale: str, number: int) -> str:
        """One of the physicians who refer to this department, of the patient's locale."""
        key = (locale, number)
        if key not in self._physicians:
            source, rest = demographics_for(locale, self._demographics)
            random = Random(derive_seed(self._seed, "physician", number))  # noqa: S311
            self._physicians[key] = person_name.compose(None, source.person(rest, "O", random))
        return self._physicians[key]

    def _series(self, study: PlannedStudy, part: SeriesPart, nth: int, place: int) -> PlannedSeries:
        key = f"{study.id}.e{place + 1}"
        spec = part.spec
        uid = derive_uid(self._root, study.uid, f"e{place + 1}")
        start = series_start(study.date, study.time, place)
        images: Lazy[PlannedImage] = Lazy(part.images)
        series = PlannedSeries(
            id=key,
            path=part.path,
            seed=derive_seed(self._seed, key),
            uid=uid,
            number=place + 1 if spec.number is None else spec.number + nth,
            modality=part.modality,
            sop_class_uid=part.sop_class_uid,
            transfer_syntax_uid=part.transfer_syntax_uid,
            description=part.description,
            protocol=part.protocol,
            body_part=part.body_part,
            laterality=spec.laterality or side(part.body_part, study.seed),
            view=part.view,
            image_count=part.images,
            frames=part.frames,
            rows=part.rows,
            columns=part.columns,
            phantom=part.phantom,
            burn_in=_burn_in(spec.burn_in),
            frame_of_reference_uid=derive_uid(self._root, uid, "frame of reference"),
            date=start.date(),
            time=start.time(),
            tags=part.tags,
            study=study,
            images=images,
        )
        images.make = partial(_image, self._root, series)
        return series

    def _identifier(
        self, rule: Identifier, nth: int, seed: int, moment: dt.datetime, modality: str
    ) -> str:
        pattern = rule.pattern
        use = rule.use + nth
        draw = 0
        if pattern.space > 1 and pattern.counters:
            draw = seed % pattern.space
        elif pattern.space > 1:
            key = f"{self._run_seed} {self._case.name} {rule.kind} {pattern}"
            draw = shuffled(use % pattern.space, pattern.space, key)
        text = pattern.render(
            moment,
            modality=modality,
            site=self._site_name,
            numbers=self._reserved.numbers(rule.kind, pattern, use),
            draw=draw,
            seed=seed,
        )
        if pattern.has_open_fields and (problem := check_text(text, VRS[rule.kind], f"'{text}'")):
            raise InvalidInput(
                [Diagnostic(problem.code, rule.where, problem.message, problem.hint)]
            )
        return text


def _image(root: str | None, series: PlannedSeries, place: int) -> PlannedImage:
    number = place + 1
    return PlannedImage(
        id=f"{series.id}.i{number}",
        uid=derive_uid(root, series.uid, f"i{number}"),
        number=number,
        series=series,
    )


def finder(
    parts: Sequence[_P],
) -> Callable[[int], tuple[_P, int]]:
    """A function from a place among all entities to their part and the place within it."""
    starts = [part.first for part in parts]
    if len(parts) == 1:
        only = parts[0]
        return lambda place: (only, place)

    def find(place: int) -> tuple[_P, int]:
        # The last of several equal starts: the ones before it have a count of nothing.
        part = parts[bisect_right(starts, place) - 1]
        return part, place - part.first

    return find


def _name(given: str | NameParts | None, person: Person) -> str:
    if isinstance(given, str):
        return given
    asked = given is None or given.locale is not None
    return person_name.compose(given, person if asked else None)


def _terms(given: str | list[str] | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    return (given,) if isinstance(given, str) else tuple(given)


def _burn_in(given: bool | list[str] | None) -> bool | tuple[str, ...]:
    if isinstance(given, list):
        return tuple(given)
    return True if given is None else given


def _study_description(part: StudyPart) -> str:
    if not part.series:
        return ""
    first = part.series[0]
    return " ".join(word for word in (first.modality, first.body_part) if word)
