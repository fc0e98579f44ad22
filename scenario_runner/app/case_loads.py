"""The job beside the cases of a load, which tells and judges what they came to when all are over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.engine.services import CasesLoad, Job
from scenario_runner.language.entries import StepEntry
from scenario_runner.language.templates import is_template
from scenario_runner.steps.load.cases import CasesUnderLoad

if TYPE_CHECKING:
    from scenario_runner.language.scenario import Scenario
    from scenario_runner.planning.expand import Prepared
    from scenario_runner.planning.plan import PlannedCase


def cases_load(prepared: Prepared) -> CasesLoad | None:
    """How the cases of a plan arrive, where they do."""
    if prepared.load is None:
        return None
    return CasesLoad(prepared.load, prepared.load_seed, len(prepared.cases))


def judging(scenario: Scenario, first: PlannedCase, load: CasesLoad) -> Job:
    """A case of its own, without patients, with one step. first: any of the cases, for what all have in common."""
    name = CasesUnderLoad.name
    entry = StepEntry(
        step=name,
        parameters=load.load.checks or [],
        origins=scenario.origins,
        path=("load",),
        parameters_path=("load", "checks"),
        id=name,
        title="What the load of cases came to",
        when=None,
        for_each=None,
        repeat=None,
        retry=None,
        late={},
        timeout=None,
        save_as=None,
        fails=None,
        requirements=(),
        tags=(),
        section="steps",
    )
    # Templates of these have values of a case, which this one is not.
    told = {
        key: "" if is_template(text) else text
        for key, text in (
            ("title", scenario.header.title),
            ("description", scenario.header.description),
        )
    }
    header = scenario.header.model_copy(update={"skip": None, **told})
    alone = replace(
        scenario, header=header, patients=[], steps=(entry,), final=(), setup=(), rows=None
    )
    case = replace(
        first,
        id=f"{first.name}[load]",
        matrix={},
        row=None,
        arrival=None,
        patients=(),
        totals=None,
    )
    return Job(alone, case, 0, 0, load=load, judges=name)
