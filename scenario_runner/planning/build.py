"""From parts to a case whose patients, studies, series and images are made on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.planning.lazy import Lazy
from scenario_runner.planning.makers import PatientMaker
from scenario_runner.planning.part_lookup import finder
from scenario_runner.planning.plan import PlannedCase, PlannedPatient

if TYPE_CHECKING:
    from scenario_runner.planning.blueprint import CasePart
    from scenario_runner.planning.makers import Setting


def build(case: CasePart, index: int, setting: Setting) -> PlannedCase:
    """The case; nothing below it is made yet, and nothing that is made is kept."""
    totals = case.totals()
    find = finder(case.patients, lambda part: PatientMaker(part, setting))

    def patient(place: int) -> PlannedPatient:
        maker, nth = find(place)
        return maker.make(nth, place)

    return PlannedCase(
        id=case.id,
        name=case.name,
        matrix=case.matrix,
        index=index,
        seed=setting.case_seed,
        vars=case.vars,
        row=case.row,
        arrival=case.arrival,
        patients=Lazy(totals["patients"], patient),
        uid_root=setting.uid_root,
        sources=case.sources,
        totals=totals,
    )
