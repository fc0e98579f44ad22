"""The patients of one case as parts: everything decided that the scenario decides, and checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from scenario_runner.language.model import NameParts, PatientSpec, SeriesSpec, StudySpec
from scenario_runner.language.words import did_you_mean
from scenario_runner.planning import kinds, person_name
from scenario_runner.planning.anatomy import usual_view
from scenario_runner.planning.blueprint import Path, PatientPart, SeriesPart, StudyPart
from scenario_runner.planning.dates import AgeRule, Life, study_day, years_before
from scenario_runner.planning.demographics import DEFAULT_LOCALE, demographics_for
from scenario_runner.planning.faults import Faults
from scenario_runner.planning.given_character_sets import CharacterSets
from scenario_runner.planning.given_uids import GivenUids
from scenario_runner.planning.modalities import find_transfer_syntax
from scenario_runner.planning.pictures import Picture, names_a_file, unfit
from scenario_runner.planning.pictures import find as find_picture
from scenario_runner.planning.said import PATIENT, SERIES, STUDY, modality_said, said, text_of
from scenario_runner.planning.tags import check_tags, merge
from scenario_runner.planning.transfer_syntaxes import EXPLICIT_LE, SUPPORTED, misfit
from scenario_runner.planning.values import ValueProblem, check_text
from scenario_runner.planning.writing import unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path as FilePath

    from scenario_runner.planning.api import Demographics, FaultFacts, ModalityDefaults
    from scenario_runner.planning.findings import Findings
    from scenario_runner.planning.identifiers import Identifiers

MAX_ENTITIES = 10_000_000
"""Images, or studies without any, of one case: more is a slip of the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What plugins and built-ins offer to a plan."""

    modalities: Mapping[str, ModalityDefaults]
    demographics: Mapping[str, Demographics]
    transfer_syntaxes: frozenset[str] = SUPPORTED
    phantoms: Mapping[str, frozenset[str] | None] | None = None
    """Name of a phantom to the modalities it can stand for, None for any; None: not checked."""
    usual_phantom: Callable[[str, str, int], str] | None = None
    """What a series shows when nothing is said, from modality, body part and frames."""
    faults: Mapping[str, FaultFacts] = field(default_factory=dict)


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
        self._folder = folder
        self._locales: dict[str, ValueProblem | None] = {}
        self._uids = GivenUids(findings)
        self._character_sets = CharacterSets(offers.demographics, findings)
        self._faults = Faults(offers.faults, findings)

    def patients(self, specs: Sequence[PatientSpec]) -> tuple[PatientPart, ...]:
        """All parts of one case."""
        self._identifiers.begin_case()
        self._uids.begin_case()
        parts = []
        first = 0
        for index, spec in enumerate(specs):
            parts.append(self._patient(spec, ("patients", index), first))
            first += spec.count
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
        said_of_patient = said(spec.tags, PATIENT)
        self._character_sets.check(spec, path, said_of_patient.get("character_set"), locale)
        life = self._life(spec, path)
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
            said=said_of_patient,
            studies=tuple(studies),
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
            modality = modality_said(series[0].tags, series[0].modality)
        tags = merge(patient.tags, spec.tags)
        said_of_study = said(tags, STUDY)
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
            date=said_of_study.get("date")
            or (None if spec.date is None else study_day(spec.date, self._today)),
            time=said_of_study.get("time") or spec.time,
            modality=modality,
            said=said_of_study,
            series=series,
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
        chosen = kinds.choose(given, spec.sop_class, self._offers.modalities)
        if isinstance(chosen[1], ValueProblem):
            owner = path if chosen[0] == "sop_class" or spec.modality is not None else study_path
            self._findings.add((*owner, str(chosen[0])), chosen[1])
            return None
        found, sop_class = chosen
        several = (spec.frames or found.frames) > 1
        sop_class = sop_class or (several and found.multiframe_sop_class_uid) or found.sop_class_uid
        for key, contradiction in kinds.contradictions(spec, found, sop_class):
            self._findings.add((*path, key), contradiction)
        refers_to, nothing = kinds.referred(found, before)
        if nothing is not None:
            owner = path if spec.modality is not None else study_path
            self._findings.add((*owner, "modality"), nothing)
        texts = (("description", "LO"), ("protocol", "LO"), ("body_part", "CS"), ("view", "CS"))
        self._texts(spec, path, texts)
        self._tags(spec.tags, path)
        picture = self._phantom(spec, found.modality, path)
        rows, columns = spec.size or (
            (picture.rows, picture.columns) if picture else (found.rows, found.columns)
        )
        body_part = found.body_part if spec.body_part is None else spec.body_part
        usual = body_part == found.body_part
        view = spec.view
        if view is None:
            view = found.view if usual else usual_view(found.modality, body_part)
        description = _series_description(spec, found, body_part, view)
        protocol = found.protocol if usual else description
        tags = merge(patient.tags, study.tags, spec.tags)
        frames = spec.frames or found.frames
        volume = picture.planes if picture is not None and frames == 1 else 0
        images = spec.images or (volume if volume > 1 else found.images) or max(1, refers_to)
        series = patient.count * study.count * spec.count
        levels = [(path, spec.tags), (study_path, study.tags), (study_path[:2], patient.tags)]
        if path == study_path:
            del levels[0]
        else:
            self._uids.not_below_its_study(path, spec.tags)
        self._uids.take("SeriesInstanceUID", levels, series)
        self._uids.take("SOPInstanceUID", levels, series * images)
        transfer_syntax = self._transfer_syntax(spec, path, found, (rows, columns))
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
        return SeriesPart(
            spec=spec,
            path=path,
            first=sum(part.count for part in before),
            count=spec.count,
            defaults=found,
            sop_class_uid=self._faults.sop_class(faults, found.modality, sop_class),
            transfer_syntax_uid=transfer_syntax,
            images=images,
            frames=frames,
            rows=rows,
            columns=columns,
            phantom=self._shown(spec, found, body_part, frames),
            picture=picture,
            description=description,
            protocol=protocol if spec.protocol is None else spec.protocol,
            body_part=body_part,
            view=view,
            tags=tags,
            said=said(tags, SERIES),
            image_uid=text_of(tags.get("SOPInstanceUID")) or None,
            faults=faults,
            uid_of=partial(self._faults.uid, faults) if faults else None,
        )

    def _shown(self, spec: SeriesSpec, found: ModalityDefaults, body_part: str, frames: int) -> str:
        """The name of the phantom; empty when only imaging can tell."""
        if spec.phantom or not found.has_pixels:
            return spec.phantom or ""
        if found.phantom and body_part == found.body_part:
            return found.phantom
        # A phantom of another body part would not do; there is one for each.
        choose = self._offers.usual_phantom
        return choose(found.modality, body_part, frames) if choose else ""

    def _transfer_syntax(
        self, spec: SeriesSpec, path: Path, found: ModalityDefaults, size: tuple[int, int]
    ) -> str:
        if spec.transfer_syntax is None:
            return EXPLICIT_LE
        uid = find_transfer_syntax(spec.transfer_syntax, self._offers.transfer_syntaxes)
        if isinstance(uid, ValueProblem):
            self._findings.add((*path, "transfer_syntax"), uid)
            return EXPLICIT_LE
        if not found.has_pixels:
            self._note((*path, "transfer_syntax"), kinds.syntax_problem(found, uid))
            return uid
        # Another phantom may draw other pixels; imaging looks at them before it makes anything.
        bits = found.bits_allocated if spec.phantom is None else None
        rows, columns = size
        problem = misfit(uid, bits_allocated=bits, rows=rows, columns=columns)
        if problem is not None:
            message, hint = problem
            self._findings.add((*path, "transfer_syntax"), ValueProblem("FAB315", message, hint))
        return uid

    def _phantom(self, spec: SeriesSpec, modality: str, path: Path) -> Picture | None:
        """Note a phantom that does not exist or fit; what is measured of one that is a file."""
        given, known = spec.phantom, self._offers.phantoms
        place = (*path, "phantom")
        if given is None or known is None:
            return None
        if given in known:
            fits = known[given]
            if fits is not None and modality not in fits:
                others = sorted(name for name, of in known.items() if of is None or modality in of)
                message = f"the phantom '{given}' does not fit modality {modality}"
                hint = f"for {modality} there are: {', '.join(others)}"
                self._findings.add(place, ValueProblem("FAB118", message, hint))
            return None
        if names_a_file(given):
            found = find_picture(given, self._folder)
            if isinstance(found, ValueProblem):
                self._findings.add(place, found)
                return None
            self._note(place, unfit(found, modality))
            if found.is_array and spec.size not in (None, [found.rows, found.columns]):
                message = f"'{given}' has {found.rows} rows and {found.columns} columns"
                hint = "an array is stored as it is: leave 'size' out"
                self._findings.add((*path, "size"), ValueProblem("FAB118", message, hint))
            return found
        message = f"unknown phantom '{given}'{did_you_mean(given, known)}"
        hint = f"phantoms are: {', '.join(sorted(known))}; or a .png, .jpg or .npy file"
        self._findings.add(place, ValueProblem("FAB313", message, hint))
        return None

    def _life(self, spec: PatientSpec, path: Path) -> Life:
        given = [
            (study_day(study.date, self._today), (*path, "studies", index, "date"))
            for index, study in enumerate(spec.studies)
            if study.date is not None and study.count
        ]
        counted = [study for study in spec.studies if study.count]
        first = counted[0].date if counted else None
        life = Life(
            birth=spec.birth_date,
            age=None if spec.age is None else AgeRule.of(spec.age),
            first=None if first is None else study_day(first, self._today),
            earliest=min((day for day, _ in given), default=None),
        )
        self._check_life(life, given, path)
        return life

    def _check_life(self, life: Life, given: list[tuple[dt.date, Path]], path: Path) -> None:
        age, birth = life.age, life.birth
        if age is not None and age.low > age.high:
            self._dates((*path, "age"), "the least age is above the greatest", "swap min and max")
            return
        born_by = birth
        if birth is None and age is not None and life.first is not None:
            days = dt.timedelta(days=min(age.low, life.first.toordinal() - 1))
            born_by = years_before(life.first, age.low) if age.in_years else life.first - days
        for day, place in given:
            if born_by is not None and day < born_by:
                why = "the birth date" if birth is not None else "the birth date that the age gives"
                message = f"the study is on {day}, before {why}, {born_by}"
                self._dates(place, message, "change one of them, or leave one out")
        if age is None or birth is None or life.first is None or life.first < birth:
            return
        if not age.holds(birth, life.first):
            message = f"the age does not agree with the birth date {birth} on {life.first}"
            self._dates((*path, "age"), message, "leave out age or birth_date")

    def _dates(self, path: Path, message: str, hint: str) -> None:
        self._findings.add(path, ValueProblem("FAB307", message, hint))

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
            source, rest = demographics_for(locale, self._offers.demographics)
            source.person(rest, "O", 0)  # only to hear whether it is known
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
        about_key = problem.message.startswith("unknown attribute")
        self._findings.add((*path, *below), problem, key=about_key)

    def _no_modality(self, path: Path, message: str) -> None:
        names = ", ".join(sorted(kinds.usual(self._offers.modalities)))
        hint = f"write modality: on the study or on each series; modalities are: {names}"
        self._findings.add(path, ValueProblem("FAB306", message, hint))

    def _note(self, path: Path, problem: ValueProblem | None) -> None:
        if problem is not None:
            self._findings.add(path, problem)


def _series_description(
    spec: SeriesSpec, found: ModalityDefaults, body_part: str, view: str | None
) -> str:
    if spec.description is not None:
        return spec.description
    if found.description and (body_part, view) == (found.body_part, found.view):
        return found.description
    return " ".join(part for part in (body_part or found.modality, view) if part)
