"""Whose the files become: source studies to planned studies, and how far their dates move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, cast

from scenario_runner.amounts import amount
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.imaging.importing.scan import SourceFile
    from scenario_runner.planning.plan import PlannedCase, PlannedPatient, PlannedStudy

Dates = Literal["patient", "study"]


class CannotAssign(ValueError):
    """Files and plan do not fit together; the message says how."""


@dataclass(slots=True)
class Assigned:
    """What was imported as what so far in a case, so that a later import agrees with it."""

    patients: dict[str, str] = field(default_factory=dict)
    """Source patient to key of the planned one, where the plan's order decided."""
    studies: dict[tuple[str, str], str] = field(default_factory=dict)
    """Key of a planned patient and source study UID, to key of the planned study."""
    study_uids: dict[tuple[str, str], str] = field(default_factory=dict)
    """The same to the planned StudyInstanceUID."""
    shifts: dict[tuple[str, str], int] = field(default_factory=dict)
    """Source patient and key of the planned one, to days."""

    def copy(self) -> Assigned:
        """One that can be changed without the other."""
        return Assigned(
            dict(self.patients), dict(self.studies), dict(self.study_uids), dict(self.shifts)
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose the files of one source study become."""

    study: PlannedStudy
    """With the date that the files will have."""
    days: int | None
    """How far dates move; None when the files have no date to start from."""


def assign(
    files: Iterable[SourceFile],
    case: PlannedCase,
    wanted: Any,
    before: Assigned,
    dates: Dates = "patient",
) -> dict[str, Identity]:
    """Source study UID to identity; ``before`` takes note.

    wanted: None, a patient or study of the plan as templates see it or by one of its identifiers, or
    a list of such. Raises CannotAssign when there are more patients or studies than planned ones.
    """
    sources = _studies(files)
    targets = None if wanted is None else _targets(wanted, case)
    if targets is not None and isinstance(targets[0], tuple):
        pairs = _one_by_one(sources, [study for (study,) in cast("Any", targets)])
    else:
        patients = cast("Sequence[PlannedPatient] | None", targets)
        pairs = _in_order(sources, case, patients, before)
    return {source.uid: _identity(source, study, before, dates) for source, study in pairs.values()}


@dataclass(frozen=True, slots=True)
class _Source:
    uid: str
    patient: str
    date: dt.date | None


_Pairs = dict[str, tuple[_Source, "PlannedStudy"]]


def _studies(files: Iterable[SourceFile]) -> list[_Source]:
    """Each study once, patient by patient, both in the order of the first file."""
    patients: dict[str, dict[str, _Source]] = {}
    owner: dict[str, str] = {}
    for file in files:
        if owner.setdefault(file.study, file.patient) != file.patient:
            raise CannotAssign("one study has files of two patients (PatientID differs)")
        found = patients.setdefault(file.patient, {})
        known = found.get(file.study)
        if known is None or known.date is None:
            found[file.study] = _Source(file.study, file.patient, file.date)
    return [study for studies in patients.values() for study in studies.values()]


def _in_order(
    sources: Sequence[_Source],
    case: PlannedCase,
    patients: Sequence[PlannedPatient] | None,
    before: Assigned,
) -> _Pairs:
    """Patients to patients and their studies to studies, in order; what came before stays."""
    by_plan = patients is None
    known = before.patients if by_plan else {}
    offered = case.patients if patients is None else patients
    used = set(known.values())
    free = (patient for patient in offered if patient.id not in used)
    pairs: _Pairs = {}
    mine: dict[str, PlannedPatient] = {}
    for source in sources:
        patient = mine.get(source.patient)
        if patient is None:
            key = known.get(source.patient)
            patient = next((p for p in offered if p.id == key), None) or next(free, None)
            if patient is None:
                count = len({each.patient for each in sources})
                raise CannotAssign(
                    f"the files are of {amount(count, 'patient')}, and the plan has "
                    f"{amount(len(offered), 'patient')} for them"
                )
            mine[source.patient] = patient
            known[source.patient] = patient.id
        study = _next_study(source, patient, before)
        if study is None:
            count = sum(1 for each in sources if each.patient == source.patient)
            taken = sum(1 for owner, _ in before.studies if owner == patient.id)
            taken -= sum(1 for uid, (_, study) in pairs.items() if study.patient.id == patient.id)
            later = f", {taken} of them taken by an earlier import" if taken > 0 else ""
            raise CannotAssign(
                f"the files have {amount(count, 'study')} of one patient, and the plan has "
                f"{amount(len(patient.studies), 'study')} for patient {patient.id}{later}"
            )
        before.studies[patient.id, source.uid] = study.id
        pairs[source.uid] = (source, study)
    return pairs


def _next_study(source: _Source, patient: PlannedPatient, before: Assigned) -> PlannedStudy | None:
    key = before.studies.get((patient.id, source.uid))
    taken = {study for (owner, _), study in before.studies.items() if owner == patient.id}
    for study in patient.studies:
        if study.id == key or (key is None and study.id not in taken):
            return study
    return None


def _one_by_one(sources: Sequence[_Source], studies: Sequence[PlannedStudy]) -> _Pairs:
    if len(sources) > len(studies):
        raise CannotAssign(
            f"the files have {amount(len(sources), 'study')}, and 'as' names {len(studies)}"
        )
    return {source.uid: (source, study) for source, study in zip(sources, studies, strict=False)}


def _identity(source: _Source, study: PlannedStudy, before: Assigned, dates: Dates) -> Identity:
    owner = study.patient.id
    before.studies[owner, source.uid] = study.id
    before.study_uids[owner, source.uid] = study.uid
    if source.date is None:
        return Identity(study, before.shifts.get((source.patient, owner)))
    days = (study.date - source.date).days
    if dates == "patient":
        days = before.shifts.setdefault((source.patient, owner), days)
    try:
        moved = source.date + dt.timedelta(days=days)
    except OverflowError:
        moved = study.date
    return Identity(study if moved == study.date else replace(study, date=moved), days)


def _targets(wanted: Any, case: PlannedCase) -> Sequence[PlannedPatient | tuple[PlannedStudy]]:
    """What ``as`` names: patients, or studies each in a tuple of its own."""
    several = isinstance(wanted, Sequence) and not isinstance(wanted, str)
    named = [_target(one, case) for one in (wanted if several else [wanted])]
    if not named:
        raise CannotAssign("'as' names nothing")
    if len({isinstance(one, tuple) for one in named}) > 1:
        raise CannotAssign("'as' names patients and studies; name one or the other")
    return named


def _target(wanted: Any, case: PlannedCase) -> PlannedPatient | tuple[PlannedStudy]:
    if isinstance(wanted, Mapping):
        # A patient has studies, a study has an accession number; see planning.views.
        wanted = wanted.get("uid") if "accession" in wanted else wanted.get("id")
    name = str(wanted)
    for patient in case.patients:
        if name in (patient.id, patient.patient_id):
            return patient
        for study in patient.studies:
            if name and name in (study.id, study.uid, study.accession):
                return (study,)
    there = ", ".join(islice(_names(case), 6))
    raise CannotAssign(
        f"'as' names '{name}', which the plan does not have; it has {there or 'nobody'}"
    )


def _names(case: PlannedCase) -> Iterator[str]:
    for patient in case.patients:
        yield patient.id
        for study in patient.studies:
            yield study.id
