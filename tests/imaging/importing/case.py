"""A small case to import into, and what an import of a few files needs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydicom

from scenario_runner.imaging.importing.assign import Assigned, Dates, assign
from scenario_runner.imaging.importing.deidentify import Policy
from scenario_runner.imaging.importing.importer import Imported, bring_in, group, uids_of
from scenario_runner.imaging.importing.scan import Problem, scan
from scenario_runner.imaging.importing.tally import Tally
from scenario_runner.imaging.instance import Instance
from scenario_runner.planning.plan import PlannedCase, PlannedPatient, PlannedStudy

SAMPLES = Path(pydicom.__file__).parent / "data"


def sample(name: str) -> Path:
    """One of the files that pydicom ships."""
    found = SAMPLES / "test_files" / name
    return found if found.exists() else SAMPLES / "charset_files" / name


def case(patients: int = 1, studies: int = 1, *, seed: int = 7, **patient: Any) -> PlannedCase:
    """Patients p1, p2, … with as many studies each, 30 days apart, without a series."""
    made = [_patient(number, studies, patient) for number in range(1, patients + 1)]
    return PlannedCase(
        id="imports", name="imports", matrix={}, index=0, seed=seed, vars={}, patients=made
    )


def _patient(number: int, studies: int, more: dict[str, Any]) -> PlannedPatient:
    made: list[PlannedStudy] = []
    patient = PlannedPatient(
        **{
            "id": f"p{number}",
            "path": ("patients", 0),
            "seed": number,
            "patient_id": f"NEWPID{number:04}",
            "issuer": None,
            "name": "NOVAK^ELLA",
            "sex": "O",
            "birth_date": dt.date(1950, 5, 17),
            "address": None,
            "phone": None,
            "locale": "en_AU",
            "character_set": None,
            "tags": {},
            "studies": made,
            **more,
        }
    )
    made += [_study(patient, place) for place in range(1, studies + 1)]
    return patient


def _study(patient: PlannedPatient, place: int) -> PlannedStudy:
    return PlannedStudy(
        id=f"{patient.id}.s{place}",
        path=("patients", 0, "studies", 0),
        seed=place,
        uid=f"2.25.{patient.seed * 1000 + place}",
        study_id=f"S{place}",
        accession=f"NEWACC{patient.seed:03}{place:03}",
        description="Planned study",
        date=dt.date(2026, 1, 30) + dt.timedelta(days=30 * (place - 1)),
        time=dt.time(9, 30),
        referring_physician="PLANNED^REFERRER",
        institution="Planned Hospital",
        procedure="",
        tags={},
        patient=patient,
        series=(),
    )


class Import:
    """Files imported into a case; ``instances`` in the order of the groups."""

    def __init__(
        self,
        files: Sequence[Path],
        folder: Path,
        plan: PlannedCase | None = None,
        *,
        policy: Policy = Policy(),  # noqa: B008 - frozen
        wanted: Any = None,
        dates: Dates = "patient",
        before: Assigned | None = None,
        load: bool = True,
    ) -> None:
        plan = plan or case()
        self.scan = scan(files)
        self.assigned = (before or Assigned()).copy()
        identities = assign(self.scan.files, plan, wanted, self.assigned, dates)
        self.uids = {
            one.study.patient.id: uids_of(
                plan,
                one.study.patient,
                {
                    old: new
                    for (owner, old), new in self.assigned.study_uids.items()
                    if owner == one.study.patient.id
                },
            )
            for one in identities.values()
        }
        self.groups = group(self.scan.files, identities, self.uids, lambda _: 0)
        self.tally = Tally()
        self.into = Imported(folder)
        results = bring_in(self.groups, identities, self.uids, policy, self.into, self.tally)
        self.problems: list[Problem] = [one for one in results if one is not None]
        self.instances: list[Instance] = (
            []
            if self.problems or not load
            else [self.into(image) for one in self.groups for image in one.series.images]
        )
