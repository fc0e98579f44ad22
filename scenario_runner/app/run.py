"""What ``fabricate run`` does, as the table of contents of the program."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from scenario_runner.app.cluster.address import Cluster, cluster_of, ready
from scenario_runner.app.folder import (
    gone_unless_begun,
    made_run_folder,
    new_run_id,
)
from scenario_runner.app.kept_inputs import Kept
from scenario_runner.app.kept_sources import keep_sources
from scenario_runner.app.known_patients import usage_notes
from scenario_runner.app.load import Loaded, Sources, from_anywhere
from scenario_runner.app.plans import (
    Moment,
    Plannable,
    Plans,
    preview_all,
    require_plannable,
)
from scenario_runner.app.review import NOBODY, Review, reviewed
from scenario_runner.app.same_pacs import keep_addresses
from scenario_runner.app.select import select
from scenario_runner.app.services import Ends, new_factory, now, services_for, targets_of
from scenario_runner.app.site_warnings import site_remarks
from scenario_runner.app.targets import OpenTargets
from scenario_runner.app.told_at_once import load_or_tell
from scenario_runner.app.versions import environment
from scenario_runner.engine.bus import EventBus
from scenario_runner.engine.run import run_cases
from scenario_runner.engine.services import Control, Order
from scenario_runner.errors import NothingSelected
from scenario_runner.events import EventHandler, Outcome, RunFinished, RunStarted
from scenario_runner.evidence.chain import chain_to_previous
from scenario_runner.evidence.digests import Digests
from scenario_runner.evidence.log import EventLog
from scenario_runner.imaging.factory import InstanceFactory
from scenario_runner.language.scenario import Scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.sources import Inputs
from scenario_runner.redaction import Redactor
from scenario_runner.redaction.addresses import without_passwords
from scenario_runner.registry.location import Location

if TYPE_CHECKING:
    from scenario_runner.app.cluster.client import ClusterRun
    from scenario_runner.app.kept_objects import Objects
    from scenario_runner.engine.step import Ending
    from scenario_runner.evidence.record import RunRecord
    from scenario_runner.registry.usage import UsageNotes


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
    keep_patients: bool = False
    """Keep every patient in the registry, as ``keep: true`` does for one."""
    chain: bool = False
    """Name the run of the site that ended last in the manifest."""
    command: Sequence[str] = ()
    """The command line, for the record."""
    run_id: str | None = None
    """Where whoever started the run has given it one."""
    inputs: Inputs = field(default_factory=Inputs, compare=False)
    """What sources of patients have read already."""
    shard: tuple[int, int] | None = None
    """Which part of the cases, of how many: ``(2, 5)`` is the second fifth."""
    only: frozenset[str] | None = None
    """The ids of the cases to run; None for all."""
    on: str | None = None
    """Where the cases are carried out, ``local:4`` or ``dask://HOST:PORT``; None for this process."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """Where the evidence lies and how the run ended."""

    folder: Path
    outcome: Outcome
    exit_code: int
    record: RunRecord
    """What ``run.json`` says."""
    untold: Sequence[str] = ()
    """What the registry could not be told, in sentences."""
    remarks: Sequence[str] = ()
    """What sources of patients took though it is unusual, or left aside."""


def run(
    request: RunRequest,
    handlers: Sequence[EventHandler],
    control: Control,
    review: Review = NOBODY,
) -> RunResult:
    """Load, select, plan, run, report. Raises FabricatorError for what stops it before or after.

    handlers: consumers of events beside the log in the run folder, such as a console. review: is
    shown the plan before anything is sent, and may say no.
    """
    if request.on is not None and ready(request.on, request.order.workers).scheduler:
        # Workers start from other folders, where they see the same files.
        request = replace(request, sources=from_anywhere(request.sources))
    return run_loaded(load_or_tell(request.sources), request, handlers, control, review)


def look_at(request: RunRequest) -> tuple[Plans, InstanceFactory]:
    """The plan of a run as it would be now, and what makes its instances. No counter moves.

    Raises FabricatorError for what would stop the run before it began.
    """
    loaded = load_or_tell(request.sources)
    loaded.plugins.require_all()
    scenarios = select(loaded.scenarios, request.sources.tag, request.order.from_step)
    moment = _moment(request, loaded, scenarios, now())
    plannable = require_plannable(loaded, scenarios, moment)
    return preview_all(plannable, request.registry), new_factory(loaded.plugins)


def plannable_of(loaded: Loaded, request: RunRequest) -> list[Plannable]:
    """What a run would plan, before any number is taken. Raises InvalidInput for what is wrong."""
    scenarios = select(loaded.scenarios, request.sources.tag, request.order.from_step)
    return require_plannable(loaded, scenarios, _moment(request, loaded, scenarios, now()))


def run_loaded(
    loaded: Loaded,
    request: RunRequest,
    handlers: Sequence[EventHandler],
    control: Control,
    review: Review = NOBODY,
) -> RunResult:
    """The same for what is loaded already, whatever ``request.sources`` says of paths and site."""
    started = now()
    loaded.plugins.require_all()
    scenarios = select(loaded.scenarios, request.sources.tag, request.order.from_step)
    moment = _moment(request, loaded, scenarios, started)
    # Before patients are asked for: one that they come from may be production, too.
    targets = targets_of(loaded, scenarios, allow_production=request.allow_production)
    plannable = require_plannable(loaded, scenarios, moment)
    job = Prepared(
        run_id=moment.run_id,
        started=started,
        loaded=loaded,
        scenarios=scenarios,
        moment=moment,
        targets=targets,
        order=request.order,
        overrides=request.sources.overrides,
        command=request.command,
        log_pdus=request.log_pdus,
        chain=request.chain,
        on=None if request.on is None else cluster_of(request.on),
        registry=request.registry,
    )
    with made_run_folder(request.out, moment.run_id) as folder:
        plans = reviewed(plannable, request.registry, review, new_factory(loaded.plugins))
        plans = _chosen(plans, request)
        notes = usage_notes(plans, request.registry, job.run_id, every=request.keep_patients)
    planned = Planned(plans, folder, notes, objects=review.objects)
    return carry_out(job, planned, handlers, control)


def _chosen(plans: Plans, request: RunRequest) -> Plans:
    """The cases that the run is asked for. Raises NothingSelected where none is left."""
    if request.shard is None and request.only is None:
        return plans
    part, parts = request.shard or (1, 1)
    only = None if request.only is None else plans.with_loads(request.only)
    chosen = plans.only(
        lambda job: (job.number - 1) % parts == part - 1 and (only is None or job.case.id in only)
    )
    if not chosen.jobs:
        raise NothingSelected(
            f"no case is left: {len(plans.jobs)} in all",
            hint="a part of more parts than there are cases may be empty"
            if request.only is None
            else "no case that was asked for, or failed last time, is among these scenarios",
        )
    return chosen


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
    chain: bool = False
    on: Cluster | None = None
    registry: Location | None = None
    """Where workers of ``on`` meet, when it is a server."""
    whole: Plans | None = None
    """The plan that ``inputs/`` keeps, where it is of more cases than are carried out."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan of a run, and what was made ready for it."""

    plans: Plans
    folder: Path
    """The run's own, empty."""
    notes: UsageNotes | None = None
    """Tells the registry."""
    objects: Objects | None = None
    """Instances that are made already."""
    opened: Callable[[OpenTargets], Plans] | None = None
    """Given the targets, may change the plans before they are carried out."""


def carry_out(
    job: Prepared, planned: Planned, handlers: Sequence[EventHandler], control: Control
) -> RunResult:
    """Run a plan and report. Raises FabricatorError."""
    redactor = Redactor(job.loaded.site.secrets)
    with redactor.guarding():
        return _carried_out(job, planned, handlers, control, redactor)


def _carried_out(
    job: Prepared,
    planned: Planned,
    handlers: Sequence[EventHandler],
    control: Control,
    redactor: Redactor,
) -> RunResult:
    from scenario_runner.evidence.write import write_reports

    loaded, plans, folder, notes = job.loaded, planned.plans, planned.folder, planned.notes
    if loaded.libraries is not None and (unlocked := loaded.libraries.locks.remark()):
        job.moment.inputs.remarks[unlocked] = None
    for warning in site_remarks(loaded.site, loaded.plugins):
        job.moment.inputs.remarks[warning] = None
    remarks = job.moment.inputs.remarked()
    with ExitStack() as stack:
        beginning = stack.enter_context(ExitStack())
        beginning.enter_context(gone_unless_begun(folder))
        asked = Kept(moment=job.moment, overrides=job.overrides, from_step=job.order.from_step)
        kept = job.whole or plans
        sources = keep_sources(folder, loaded, job.scenarios, kept, asked, redactor)
        digests = stack.enter_context(Digests())
        log = EventLog(folder / "events.ndjson")
        consumers = handlers if notes is None else [*handlers, notes]
        bus = EventBus(log, consumers, redactor, now, control.thrown)
        stack.callback(bus.close)
        targets = stack.enter_context(
            OpenTargets(
                loaded,
                job.targets,
                log_pdus=job.log_pdus,
                learned=redactor.learn,
                hurried=control.stop.is_set,
            )
        )
        if planned.opened is not None:
            plans = planned.opened(targets)
        keep_addresses(folder, targets.facts(), job.moment.run_id)
        began = perf_counter()  # the clock of ``started``, as nobody sets it
        bus.emit(_started(job, plans, targets, sources, remarks))
        control.begun.set()
        beginning.close()
        ends = Ends(folder, bus, redactor, targets)
        services = replace(
            services_for(loaded, plans, job.moment, ends, planned.objects),
            finished=digests.finished,
        )
        carried = None if job.on is None else _on_cluster(job.on, job, plans, folder)
        cases = run_cases if carried is None else carried.run_cases
        outcome, code = _judged(cases(plans.jobs, services, job.order, control))
        seconds = round(perf_counter() - began, 6)
        bus.emit(RunFinished(outcome=outcome, exit_code=code, duration_s=seconds))
    if job.chain:
        chain_to_previous(folder, loaded.site.site.name)
    reporters = loaded.plugins.named("fabricate_reporters").values()
    record = write_reports(folder, reporters, digests.of)
    bus.require_all()
    if carried is not None:
        carried.require_whole()
    targets.require_closed()
    untold = notes.problems if notes else ()
    return RunResult(folder, outcome, code, record, untold, record.remarks)


def _started(
    job: Prepared,
    plans: Plans,
    targets: OpenTargets,
    sources: list[str],
    remarks: list[str],
) -> RunStarted:
    return RunStarted(
        run=job.run_id,
        seed=job.moment.seed,
        seed_given=job.moment.forced or _own_seed(job.scenarios) is not None,
        command=[without_passwords(word) for word in job.command],
        environment=environment(job.loaded.plugins.names()),
        site=job.loaded.site.site.name,
        targets=targets.facts(),
        sources=sources,
        rerun_of=None if job.rerun_of is None else dict(job.rerun_of),
        cases=len(plans.jobs),
        remarks=remarks,
    )


def _judged(ending: Ending) -> tuple[Outcome, int]:
    """How the run ended, and its exit code. One that only skipped proved nothing, and must not look as if it had."""
    if ending.outcome != "skipped":
        return ending.outcome, ending.exit_code
    return ("skipped" if ending.moot else "error"), NothingSelected.exit_code


def _on_cluster(cluster: Cluster, job: Prepared, plans: Plans, folder: Path) -> ClusterRun:
    from scenario_runner.app.cluster.client import ClusterRun

    return ClusterRun(
        cluster,
        job.registry,
        folder,
        home=job.loaded.site.folder,
        reserved=plans.reserved,
        log_pdus=job.log_pdus,
    )


def _moment(
    request: RunRequest, loaded: Loaded, scenarios: Sequence[Scenario], started: dt.datetime
) -> Moment:
    """The run's seed: as given, else the one all scenarios share, else a new one."""
    seed = request.seed
    if seed is None:
        shared = _own_seed(scenarios)
        seed = shared if shared is not None else secrets.randbits(32)
    return Moment(
        run_id=request.run_id or new_run_id(started),
        seed=seed,
        forced=request.seed is not None,
        now=started.astimezone(loaded.site.site.zone),
        inputs=request.inputs,
        registry=request.registry,
    )


def _own_seed(scenarios: Sequence[Scenario]) -> int | None:
    """The seed that all scenarios name, if they do."""
    own = {scenario.header.seed for scenario in scenarios}
    return own.pop() if len(own) == 1 else None
