"""What steps will do, as far as the plan decides it: the load that will be offered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scenario_runner.errors import FabricatorError
from scenario_runner.language.scenario import step_parameters
from scenario_runner.planning.views import names
from scenario_runner.steps.load.cases import foretold_cases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.api import Step
    from scenario_runner.engine.services import Job
    from scenario_runner.planning.plan import PlannedCase


def foretold(job: Job, steps: Mapping[str, type[Step]]) -> dict[str, Mapping[str, Any]]:
    """By step id what each step of a case says of itself beforehand; nothing of those that wait for others' values."""
    case = job.case
    if job.judges and job.load is not None:
        return {job.judges: foretold_cases(job.load.load, job.load.seed, job.load.cases)}
    loaded = [
        entry
        for entry in (*job.scenario.setup, *job.scenario.steps, *job.scenario.final)
        if isinstance(entry.parameters, dict) and entry.parameters.get("load") is not None
    ]
    if not loaded:
        return {}
    known = known_of(case)
    found: dict[str, Mapping[str, Any]] = {}
    for entry in loaded:
        try:
            scope = known if entry.use is None else entry.use.scope.names(known)
            told = step_parameters(entry, steps[entry.step], scope).foretell(case, entry.id)
        except FabricatorError:
            continue  # it has a template that only the run can render
        if told:
            found[entry.id] = told
    return found


def known_of(case: PlannedCase) -> dict[str, Any]:
    """What a step of a case may name before the run has begun."""
    return {
        "vars": case.vars,
        "matrix": case.matrix,
        **names(case),
        **({} if case.row is None else {"row": dict(case.row)}),
    }
