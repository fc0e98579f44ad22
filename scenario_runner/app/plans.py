"""Scenarios become planned cases, with the plugins and the registry they need."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from scenario_runner.api import Step
from scenario_runner.app.case_loads import cases_load, judging
from scenario_runner.app.foretold import foretold
from scenario_runner.app.load import Loaded
from scenario_runner.app.modified_text import unwritable
from scenario_runner.engine.moments import utc_text
from scenario_runner.engine.planned import planned_steps, scenario_facts
from scenario_runner.engine.services import Job
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected, UsageError
from scenario_runner.imaging.encoding.syntaxes import writable
from scenario_runner.imaging.phantoms.registry import usual_name
from scenario_runner.language.date_text import DateText
from scenario_runner.language.diagnostic_words import some_of
from scenario_runner.language.discretion import discreetly
from scenario_runner.language.foreseen import Foreseen
from scenario_runner.language.scenario import Scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.overlay import Overlay
from scenario_runner.planning import expand
from scenario_runner.planning.api import Counters, ModalityDefaults
from scenario_runner.planning.number_ranges import ReplayCounters
from scenario_runner.planning.plan_json import TextStream, write_patients
from scenario_runner.planning.sources import Inputs
from scenario_runner.plugins import Plugins
from scenario_runner.redaction import Redactor
from scenario_runner.redaction.json_texts import within_texts
from scenario_runner.registry.counters import PeekCounters, open_counters
from scenario_runner.registry.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a run decides before it plans."""

    run_id: str
    seed: int
    """The run's; a scenario with a seed of its own has that, unless ``forced``."""
    forced: bool
    """Whether --seed was given, which overrides the scenarios' own."""
    now: dt.datetime
    """In the time zone of the site, whose day is ``today``."""
    inputs: Inputs = field(default_factory=Inputs, compare=False)
    """What sources of patients read, or had read in the run that is repeated."""
    registry: Location | None = field(default=None, compare=False)
    """Where patients of earlier runs are; None where nobody may look."""

    def seed_for(self, scenario: Scenario) -> int:
        """The seed of one scenario."""
        own = scenario.header.seed
        return self.seed if self.forced or own is None else own

    def names(self, seed: int) -> dict[str, Any]:
        """What templates know as ``run``."""
        return {
            "id": self.run_id,
            "seed": seed,
            "started": utc_text(self.now),
            "date": DateText(self.now.date().isoformat()),
        }


@dataclass(slots=True)
class Plans:
    """All cases of a run, in order, and the counter ranges they hold."""

    jobs: list[Job] = field(default_factory=list)
    reserved: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """By scenario name; a rerun takes the same numbers."""
    remarks: Sequence[str] = ()
    """What sources of patients took though it is unusual, or left aside."""
    steps: Mapping[str, type[Step]] = field(default_factory=dict)
    """The kinds of steps, which tell what they will do."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Of the site: whoever shows a plan shows none of them."""
    blaming: Callable[[], AbstractContextManager[None]] = field(default=nullcontext, repr=False)
    """``Plugins.blaming`` of those that the plan is made with."""

    def __repr__(self) -> str:
        return f"<Plans: {some_of([job.case.id for job in self.jobs]) or 'no case'}>"

    def only(self, wanted: Callable[[Job], bool]) -> Plans:
        """The plans of some cases, numbered anew."""
        chosen = self.some(wanted)
        jobs = [replace(job, number=number) for number, job in enumerate(chosen.jobs, start=1)]
        return replace(chosen, jobs=jobs)

    def some(self, wanted: Callable[[Job], bool]) -> Plans:
        """The plans of some cases, with the numbers they have, under which their evidence lies."""
        loads = {job.load for job in self.jobs if not job.judges and wanted(job)}
        return replace(
            self,
            jobs=[job for job in self.jobs if (job.load in loads if job.judges else wanted(job))],
        )

    def with_loads(self, cases: Collection[str]) -> frozenset[str]:
        """The ids of cases, and of all others of a load that one of them belongs to: a part of a load says nothing."""
        loads = {job.load for job in self.jobs if job.load is not None and job.case.id in cases}
        whole = (job.case.id for job in self.jobs if job.load in loads)
        return frozenset(cases) | frozenset(whole)

    def write_json(self, stream: TextStream, clean: Callable[[str], str] = str) -> dict[str, str]:
        """Write ``{"cases": […], "reserved": {…}}``, an image at a time, without ``secrets``.

        clean: what else is done to texts.

        Returns what tells the plan of each case from any other: a SHA-256 of its patients.
        """
        quiet = within_texts(Redactor(self.secrets).text)
        out = _Cleaned(stream, lambda text: clean(quiet(text)))
        digests = {}
        out.write('{"cases": [')
        for number, job in enumerate(self.jobs):
            out.write(",\n " if number else "\n ")
            digests[job.case.id] = _write_case(job, out, foretold(job, self.steps))
        out.write(f'\n], "reserved": {json.dumps(self.reserved)}}}')
        return digests


@dataclass(frozen=True, slots=True)
class Plannable:
    """A scenario whose plan is worked out but for its numbers."""

    scenario: Scenario
    prepared: expand.Prepared
    seed: int
    plugins: Plugins
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """Of the site."""


def require_plannable(
    loaded: Loaded, scenarios: Sequence[Scenario], moment: Moment
) -> list[Plannable]:
    """The plans of scenarios, worked out once; no registry is looked at.

    Raises InvalidInput with the diagnostics of all of them, UsageError for a name used twice.
    """
    _unique_names(scenarios)
    with discreetly(loaded.site.secrets):
        made = prepare_all(loaded, scenarios, moment)
        if found := diagnostics(made):
            raise InvalidInput(found)
        require_selected(made, loaded.overlay)
    return made


def require_selected(made: Sequence[Plannable], overlay: Overlay | None) -> None:
    """Raises NothingSelected for ``--set matrix.AXIS=VALUE`` that is in no matrix, or leaves no case.

    InvalidInput where the site's overlay leaves none of a scenario.
    """
    empty = [one.scenario for one in made if not one.prepared.cases]
    if overlay is not None and (left := [one for one in map(overlay.nothing_left, empty) if one]):
        raise InvalidInput(left)
    narrowed = [one for one in made if one.scenario.narrowed]
    for (axis, value), known in (pair for one in narrowed for pair in one.prepared.idle.items()):
        others = [one for one in narrowed if axis in one.scenario.narrowed]
        if all((axis, value) in one.prepared.idle for one in others):
            near = get_close_matches(value, known, 1)
            meant = f"did you mean '{near[0]}'? " if near else ""
            raise NothingSelected(
                f"--set matrix.{axis}={value}: no combination has this value",
                hint=f"{meant}{axis} is one of {', '.join(known) or 'nothing'}",
            )
    if narrowed and not any(one.prepared.cases for one in made):
        given = ", ".join(
            f"{axis} {' or '.join(map(str, values))}"
            for axis, values in narrowed[0].scenario.narrowed.items()
        )
        raise NothingSelected(f"no combination of the matrix has {given}")


def plan_all(plannable: Sequence[Plannable], registry: Location) -> Plans:
    """Reserve the numbers of every scenario.

    Raises InvalidInput when a counter has too few numbers left, MachineError for the registry.
    """
    with open_counters(registry) as counters:
        return _plan(plannable, counters)


def preview_all(plannable: Sequence[Plannable], registry: Location) -> Plans:
    """The same plan without moving a counter. Raises as ``plan_all``."""
    return _plan(plannable, PeekCounters(registry))


def replay_all(
    loaded: Loaded,
    scenarios: Sequence[Scenario],
    moment: Moment,
    reserved: Mapping[str, Mapping[str, Any]],
) -> Plans:
    """The plan of an earlier run again, with the numbers it had; no registry is looked at.

    reserved: ``Plans.reserved`` of that run. Raises InvalidInput, UsageError when it needs others.
    """
    plans = Plans()
    for one in require_plannable(loaded, scenarios, moment):
        counters = ReplayCounters(reserved.get(one.scenario.header.name, {}))
        _add(plans, one, counters)
    return plans


def prepare_all(loaded: Loaded, scenarios: Sequence[Scenario], moment: Moment) -> list[Plannable]:
    """The plans of the scenarios with all that is wrong with them; no registry is looked at."""
    with loaded.plugins.blaming():
        return [
            Plannable(
                scenario,
                expand.prepare(
                    scenario,
                    loaded.site.site,
                    options=_options(loaded.plugins, scenario, moment),
                    site_document=loaded.site.document,
                ),
                moment.seed_for(scenario),
                loaded.plugins,
                loaded.site.secrets,
            )
            for scenario in scenarios
        ]


def diagnostics(plannable: Sequence[Plannable]) -> list[Diagnostic]:
    """What is wrong with the plans."""
    return [
        found
        for one in plannable
        for found in one.scenario.traced(
            [
                *one.prepared.diagnostics(),
                *unwritable(one.scenario, one.prepared.cases),
                *_of_steps(one),
            ]
        )
    ]


def _of_steps(one: Plannable) -> list[Diagnostic]:
    """What is wrong with the values that cases give to their steps."""
    foreseen = Foreseen(one.scenario, one.plugins)
    for case, names in one.prepared.names:
        part = one.prepared.counted.get(case)
        foreseen.look_at(case, names, None if part is None else part.lists())
    return list(foreseen.findings())


def _plan(plannable: Sequence[Plannable], counters: Counters) -> Plans:
    plans = Plans()
    for one in plannable:
        _add(plans, one, counters)
    return plans


def _add(plans: Plans, one: Plannable, counters: Counters) -> None:
    with one.plugins.blaming():
        plan = one.prepared.plan(counters)
        load = cases_load(one.prepared)
        jobs = [Job(one.scenario, case, 0, one.seed, load=load) for case in plan]
        if load is not None and jobs:
            # What they came to is what a reader wants first; it is carried out last.
            jobs.insert(0, replace(judging(one.scenario, plan[0], load), seed=one.seed))
        plans.jobs += [replace(job, number=len(plans.jobs) + n) for n, job in enumerate(jobs, 1)]
    plans.steps = one.plugins.steps()
    plans.secrets |= one.secrets
    plans.blaming = one.plugins.blaming
    plans.reserved[one.scenario.header.name] = plan.reserved


@lru_cache(maxsize=4)
def _modalities(plugins: Plugins) -> Mapping[str, ModalityDefaults]:
    """What series are by default, once for a set of plugins, which never changes after it was loaded."""
    builders = plugins.named("fabricate_iod_builders")
    return {key: builder.defaults for key, builder in builders.items()}


def _options(plugins: Plugins, scenario: Scenario, moment: Moment) -> expand.PlanOptions:
    seed = moment.seed_for(scenario)
    return expand.PlanOptions(
        seed=seed,
        now=moment.now,
        run_names=moment.names(seed),
        modalities=_modalities(plugins),
        pattern_fields=plugins.named("fabricate_pattern_fields"),
        demographics=plugins.named("fabricate_demographics"),
        transfer_syntaxes=writable(),
        phantoms=_phantoms(plugins),
        usual_phantom=usual_name,
        sources=plugins.named("fabricate_sources"),
        inputs=moment.inputs,
        registry=moment.registry,
        faults=_faults(plugins),
    )


@lru_cache(maxsize=4)
def _phantoms(plugins: Plugins) -> Mapping[str, Any]:
    """The modalities that each phantom is for."""
    found = plugins.named("fabricate_phantoms").items()
    return {name: getattr(phantom, "modalities", None) for name, phantom in found}


@lru_cache(maxsize=4)
def _faults(plugins: Plugins) -> Mapping[str, Any]:
    return {name: one.facts for name, one in plugins.named("fabricate_faults").items()}


def _unique_names(scenarios: Sequence[Scenario]) -> None:
    files: dict[str, str] = {}
    for scenario in scenarios:
        name, file = scenario.header.name, scenario.document.file
        if name in files:
            raise UsageError(
                f"two scenarios are called '{name}': {files[name]} and {file}",
                hint="a name is unique within a run, for evidence is kept under it",
            )
        files[name] = file


def digest_of(job: Job) -> str:
    """What tells the plan of a case from any other, as ``Plans.write_json`` returns it."""
    patients = _Digested(Nowhere())
    write_patients(job.case, patients, indent=2)
    return patients.sha256.hexdigest()


class Nowhere:
    """A stream for somebody who only wants to know what would be written."""

    def write(self, text: str, /) -> None:
        """Drop it."""


class _Digested:
    """Passes on what is written and computes the SHA-256 of it."""

    def __init__(self, out: TextStream) -> None:
        self._out = out
        self.sha256 = hashlib.sha256()

    def write(self, text: str, /) -> None:
        self.sha256.update(text.encode("utf-8", "surrogatepass"))
        self._out.write(text)


@dataclass(frozen=True, slots=True)
class _Cleaned:
    stream: TextStream
    clean: Callable[[str], str]

    def write(self, text: str, /) -> None:
        self.stream.write(self.clean(text))


def _write_case(job: Job, out: _Cleaned, told: Mapping[str, Mapping[str, Any]]) -> str:
    """Write one case; returns the SHA-256 of its patients, as they were before redaction."""
    case, scenario = job.case, job.scenario
    head = {
        "id": case.id,
        "name": case.name,
        "matrix": dict(case.matrix),
        "seed": job.seed,
        "counts": case.counts(),
        "scenario": scenario_facts(scenario, case),
        "steps": [{**step, **told.get(step["id"], {})} for step in planned_steps(scenario)],
    }
    out.write(json.dumps(head, ensure_ascii=False, default=str)[:-1] + ', "patients": ')
    patients = _Digested(out)
    write_patients(case, patients, indent=2)
    out.write("}")
    return patients.sha256.hexdigest()
