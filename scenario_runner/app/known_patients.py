"""Patients of a run that outlive it: whether there are some, and who tells the registry of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scenario_runner.app.run_orders import orders_of
from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Job
    from scenario_runner.planning.plan import PlannedPatient
    from scenario_runner.registry.location import Location
    from scenario_runner.registry.people import People
    from scenario_runner.registry.usage import UsageNotes

_LOOKED_UP = 500
"""How many patients are looked up at a time."""


def usage_notes(
    plans: Plans, registry: Location | None, run: str, *, every: bool
) -> UsageNotes | None:
    """Who tells the registry what was made; None when nobody is kept and nothing was ordered. every: whether all are.

    Raises UsageError when somebody else has the ID of a patient that is to be kept, MachineError for a
    registry that cannot be used.
    """
    if registry is None or registry == ":memory:":
        return None  # which is forgotten with the run
    kept = [(job, one) for job in plans.jobs for one in _kept(job, every=every)]
    orders = orders_of(plans.jobs, run)
    if not kept and not orders:
        return None
    # Only here: a run that keeps nobody loads no database.
    from scenario_runner.database.engine import Database
    from scenario_runner.registry.people import People
    from scenario_runner.registry.usage import UsageNotes

    database = Database(registry)
    try:
        _require_free(People(database), [pair for pair in kept if not _is_met_again(*pair)])
    except BaseException:
        database.close()
        raise
    cases = {job.case.id: job.case for job in plans.jobs}
    return UsageNotes(database, run, cases, every=every, orders=orders)


def _require_free(people: People, new: Sequence[tuple[Job, PlannedPatient]]) -> None:
    from scenario_runner.registry.noted_ahead import as_kept

    for place in range(0, len(new), _LOOKED_UP):
        some = [(job, one, as_kept(one)) for job, one in new[place : place + _LOOKED_UP]]
        holders = people.taken(each.key for _, _, each in some)
        for job, one, each in some:
            holder = holders.get(each.key)
            if holder is not None and not holder.is_same_person(each):
                where = job.scenario.origins.where(one.path)
                raise UsageError(
                    f"{where.named}: '{each.id}', which {each.name} is to have, is in the registry already: "
                    f"{holder.name}, born {holder.birth_date}",
                    hint="give the patient another ID, or keep it in another registry",
                )


def _kept(job: Job, *, every: bool) -> Iterable[PlannedPatient]:
    patients: Iterable[PlannedPatient] = job.case.patients
    if every:
        return patients
    if not _may_keep(job.scenario.document.data):
        return ()
    return [one for one in patients if one.keep]


def _may_keep(data: Any) -> bool:
    """Whether an entry of a scenario keeps its patients, or has them from a source that may say so."""
    entries = data.get("patients") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return bool(entries)
    return any(not isinstance(one, dict) or "keep" in one or "from" in one for one in entries)


def _is_met_again(job: Job, one: PlannedPatient) -> bool:
    """Whether a patient came from the registry, whatever the scenario says of it."""
    source = job.case.sources.get(int(one.path[1]))
    return source is not None and source.source == "registry"
