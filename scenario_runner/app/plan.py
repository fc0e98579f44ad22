"""What ``fabricate plan`` does: the plan as a run would have it now, and nothing moves."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace
from typing import TextIO

from scenario_runner.amounts import amount
from scenario_runner.app.folder import new_run_id
from scenario_runner.app.foretold import foretold
from scenario_runner.app.load import Loaded, Sources
from scenario_runner.app.plans import Moment, Plans, preview_all, require_plannable
from scenario_runner.app.told_at_once import load_or_tell
from scenario_runner.dicom.body_parts import SIDES
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import PlannedCase, PlannedSeries
from scenario_runner.planning.sources import Inputs
from scenario_runner.registry.location import Location

_SHOWN = 20
_NOUNS = {"patients": "patient", "studies": "study", "series": "series", "images": "image"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What ``fabricate plan`` was asked."""

    sources: Sources
    registry: Location
    seed: int | None = None


def preview(request: PlanRequest) -> Plans:
    """Plan without reserving a number. Raises InvalidInput, NothingSelected, MachineError."""
    return preview_loaded(load_or_tell(request.sources), request.registry, request.seed)


def preview_loaded(
    loaded: Loaded, registry: Location, seed: int | None, inputs: Inputs | None = None
) -> Plans:
    """The same of what is loaded already. inputs: what sources of patients are given."""
    now = dt.datetime.now(dt.UTC)
    moment = Moment(
        run_id=new_run_id(now),
        seed=seed if seed is not None else secrets.randbits(32),
        forced=seed is not None,
        now=now.astimezone(loaded.site.site.zone),
        inputs=inputs or Inputs(),
        registry=registry,
    )
    plans = preview_all(require_plannable(loaded, loaded.scenarios, moment), registry)
    return replace(plans, remarks=moment.inputs.remarked())


def write_text(plans: Plans, stream: TextIO) -> None:
    """The plan as an outline for a person; long lists are cut and say so."""
    for job in plans.jobs:
        case = job.case
        counts = ", ".join(amount(number, _NOUNS[what]) for what, number in case.counts().items())
        stream.write(f"{case.id}: {counts} (seed {job.seed})\n")
        _patients(case, stream)
        stream.writelines(
            f"  {step}: {told['load']['words']}\n"
            for step, told in foretold(job, plans.steps).items()
        )


def _side(series: PlannedSeries) -> str:
    words = SIDES.get(series.laterality or "")
    return f", {words}" if words else ""


def _patients(case: PlannedCase, stream: TextIO) -> None:
    for number, patient in enumerate(case.patients, start=1):
        head = f"  {patient.patient_id}  {patient.name}  {patient.sex}  {patient.birth_date}\n"
        stream.write(head)
        for study in patient.studies:
            stream.write(f"    {study.accession}  {study.date}  {study.description}\n")
            for series in study.series:
                images = amount(series.image_count, "image" if series.has_pixels else "object")
                size = f"{series.rows}×{series.columns}" if series.has_pixels else "without pixels"
                if series.frames > 1:
                    size += f" of {series.frames} frames"
                stream.write(
                    f"      {series.number}  {series.modality}  {series.description}{_side(series)}  "
                    f"{images} {size}  "
                    f"{series.phantom}\n"
                )
                if series.faults:
                    names = ", ".join(fault.name for fault in series.faults)
                    stream.write(f"         faults on purpose: {names}\n")
        if number == _SHOWN and len(case.patients) > _SHOWN:
            more = amount(len(case.patients) - _SHOWN, "more patient")
            stream.write(f"  … {more}; --format json has all\n")
            return
