"""What ``fabricate run`` does, as the table of contents of the program."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from scenario_runner.app.folder import keep_inputs, made_run_folder, new_run_id, write_with
from scenario_runner.app.kept import Kept, keep_read, keep_request
from scenario_runner.app.load import Loaded, Sources, load
from scenario_runner.app.plans import Moment, Plans, plan_all, require_plannable
from scenario_runner.app.same_pacs import keep_addresses
from scenario_runner.app.select import guard_production, select, targets_used
from scenario_runner.app.targets import OpenTargets
from scenario_runner.app.versions import environment
from scenario_runner.engine.bus import EventBus
from scenario_runner.engine.redaction import Redactor
from scenario_runner.engine.run import run_cases
from scenario_runner.engine.services import Control, Order, Services
from scenario_runner.errors import NothingSelected
from scenario_runner.events import EventHandler, Outcome, RunFinished, RunStarted
from scenario_runner.imaging.factory import InstanceFactory, preview_png
from scenario_runner.language.scenario import Scenario
from scenario_runner.registry.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Everything ``fabricate run`` was asked."""

    sources: Sources
    registry: Location
    out: Path | None = None
    seed: int | None = None
    order: Order = field(default_factory=Order)
    allow_production: bool = False
    log_pdus: bool = False
    """Keep a log of every association with any target."""
    command: Sequence[str] = ()
    """The command line, for the record."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where the evidence lies and how the run ended."""

    folder: Path
    outcome: Outcome
    exit_code: int


def run(request: RunRequest, handlers: Sequence[EventHandler], control: Control) -> RunResult:
    """Load, select, plan, run, report. Raises FabricatorError for what stops it before or after.

    handlers: consumers of events beside the log in the run folder, such as a console.
    """
    started = _now()
    loaded = load(request.sources)
    loaded.plugins.require_all()
    scenarios = select(loaded.scenarios, request.sources.tag, request.order.from_step)
    moment = _moment(request, loaded, scenarios, started)
    plannable = require_plannable(loaded, scenarios, moment)
    job = Prepared(
        run_id=moment.run_id,
        started=started,
        loaded=loaded,
        scenarios=scenarios,
        moment=moment,
        targets=targets_of(loaded, scenarios, allow_production=request.allow_production),
        order=request.order,
        overrides=request.sources.overrides,
        command=request.command,
        log_pdus=request.log_pdus,
    )
    with made_run_folder(request.out, moment.run_id) as folder:
        plans = plan_all(plannable, request.registry)
    return carry_out(job, plans, folder, handlers, control)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run whose sources are read and whose plan can be made."""

    run_id: str
    started: dt.datetime
    loaded: Loaded
    scenarios: Sequence[Scenario]
    moment: Moment
    """What was planned with: of a rerun, that of the run it repeats."""
    targets: Sequence[str]
    order: Order
    overrides: Mapping[str, Any]
    command: Sequence[str]
    rerun_of: Mapping[str, Any] | None = None
    log_pdus: bool = False


def carry_out(
    job: Prepared,
    plans: Plans,
    folder: Path,
    handlers: Sequence[EventHandler],
    control: Control,
    opened: Callable[[OpenTargets], Plans] | None = None,
) -> RunResult:
    """Run a plan and report. folder: the run's own, empty.

    opened: given the targets, may change the plans before they are carried out. Raises
    FabricatorError.
    """
    from scenario_runner.evidence.log import EventLog
    from scenario_runner.evidence.write import write_reports

    loaded = job.loaded
    redactor = Redactor(loaded.site.secrets)
    sources = _keep_inputs(folder, job, plans, redactor)
    with ExitStack() as stack:
        bus = EventBus([EventLog(folder / "events.ndjson"), *handlers], redactor, _now)
        stack.callback(bus.close)
        targets = stack.enter_context(OpenTargets(loaded, job.targets, log_pdus=job.log_pdus))
        if opened is not None:
            plans = opened(targets)
        keep_addresses(folder, targets.facts(), job.moment.run_id)
        bus.emit(
            RunStarted(
                run=job.run_id,
                seed=job.moment.seed,
                seed_given=job.moment.forced or _own_seed(job.scenarios) is not None,
                command=list(job.command),
                environment=environment(loaded.plugins.names()),
                site=loaded.site.site.name,
                targets=targets.facts(),
                sources=sources,
                rerun_of=None if job.rerun_of is None else dict(job.rerun_of),
            )
        )
        services = _services(loaded, plans, job.moment, folder, bus, redactor, targets)
        ending = run_cases(plans.jobs, services, job.order, control)
        outcome, code = ending.outcome, ending.exit_code
        if outcome == "skipped":
            # Nothing was proved, and it must not look as if it had been.
            outcome = outcome if ending.moot else "error"
            code = NothingSelected.exit_code
        seconds = (_now() - job.started).total_seconds()
        bus.emit(RunFinished(outcome=outcome, exit_code=code, duration_s=seconds))
    write_reports(folder, loaded.plugins.named("fabricate_reporters").values())
    return RunResult(folder, outcome, code)


def targets_of(
    loaded: Loaded, scenarios: Sequence[Scenario], *, allow_production: bool
) -> tuple[str, ...]:
    """The targets that scenarios use. Raises UsageError for one that may be production."""
    used = targets_used(scenarios, loaded.plugins, loaded.site.site)
    return guard_production(used, loaded.site.site, allowed=allow_production)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _moment(
    request: RunRequest, loaded: Loaded, scenarios: Sequence[Scenario], started: dt.datetime
) -> Moment:
    """The run's seed: as given, else the one all scenarios share, else a new one."""
    seed = request.seed
    if seed is None:
        shared = _own_seed(scenarios)
        seed = shared if shared is not None else secrets.randbits(32)
    return Moment(
        run_id=new_run_id(started),
        seed=seed,
        forced=request.seed is not None,
        now=started.astimezone(loaded.site.site.zone),
    )


def _own_seed(scenarios: Sequence[Scenario]) -> int | None:
    """The seed that all scenarios name, if they do."""
    own = {scenario.header.seed for scenario in scenarios}
    return own.pop() if len(own) == 1 else None


def _keep_inputs(folder: Path, job: Prepared, plans: Plans, redactor: Redactor) -> list[str]:
    """Write the sources, the plan and what was asked; returns the names of the sources."""
    documents = [scenario.document for scenario in job.scenarios]
    site = job.loaded.site.document
    if site is not None:
        documents.append(site)
    digests: dict[str, str] = {}

    def write_plan(stream: TextIO) -> None:
        digests.update(plans.write_json(stream, redactor.text))

    write_with(folder / "inputs" / "plan.json", write_plan)
    kept = keep_inputs(folder, documents)
    request = Kept(
        moment=job.moment,
        overrides=redactor.tree(job.overrides),
        from_step=job.order.from_step,
        scenarios=kept[: len(job.scenarios)],
        site=None if site is None else kept[-1],
        plan=digests,
        read=keep_read(folder, job.moment.inputs.read),
    )
    keep_request(folder, request)
    return [name for name, _ in kept]


def _services(
    loaded: Loaded,
    plans: Plans,
    moment: Moment,
    folder: Path,
    bus: EventBus,
    redactor: Redactor,
    targets: OpenTargets,
) -> Services:
    plugins = loaded.plugins
    site = loaded.site.site
    builders = plugins.named("fabricate_iod_builders")
    phantoms = plugins.named("fabricate_phantoms")
    faults = plugins.named("fabricate_faults")
    return Services(
        bus=bus,
        redactor=redactor,
        folder=folder,
        steps=plugins.steps(),
        checks=plugins.checks(),
        targets=targets,
        factory=lambda: InstanceFactory(builders, phantoms, faults),
        preview=lambda instance: preview_png(instance).png,
        validators=plugins.named("fabricate_validators"),
        cases=len(plans.jobs),
        names={
            "run": moment.names(moment.seed),
            "site": {"name": site.name, "ae_title": site.ae_title},
        },
        clock=_now,
    )
