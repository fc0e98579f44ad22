"""What ``fabricate run`` does, as the table of contents of the program."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.app.folder import keep_inputs, make_run_folder, new_run_id, write_with
from scenario_runner.app.load import Loaded, Sources, load
from scenario_runner.app.plans import plan_all
from scenario_runner.app.select import guard_production, select
from scenario_runner.app.targets import OpenTargets
from scenario_runner.app.versions import environment
from scenario_runner.engine.bus import EventBus, utc_text
from scenario_runner.engine.redaction import Redactor
from scenario_runner.engine.services import Control, Job, Order, Services
from scenario_runner.errors import UsageError
from scenario_runner.events import EventHandler, Outcome, RunFinished, RunStarted
from scenario_runner.registry.location import Location

if TYPE_CHECKING:
    from scenario_runner.engine.step import Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Everything ``fabricate run`` was asked."""

    sources: Sources
    registry: Location
    out: Path | None = None
    tag: str | None = None
    seed: int | None = None
    order: Order = field(default_factory=Order)
    allow_production: bool = False
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
    from scenario_runner.evidence.log import EventLog
    from scenario_runner.evidence.write import write_reports

    started = dt.datetime.now(dt.UTC)
    loaded = load(request.sources)
    scenarios = select(loaded.scenarios, request.tag, request.order.from_step)
    used = guard_production(scenarios, loaded.site.site, allowed=request.allow_production)
    _check_log_directory(request.order)
    run_id = new_run_id(started)
    seed = _seed(request, loaded)
    plans = plan_all(
        loaded, scenarios, run_id=run_id, seed=seed, only=request.seed, now=started,
        registry=request.registry,
    )  # fmt: skip
    folder = make_run_folder(request.out, run_id)
    documents = [scenario.document for scenario in scenarios]
    if loaded.site.document is not None:
        documents.append(loaded.site.document)
    names = keep_inputs(folder, documents)
    write_with(folder / "inputs" / "plan.json", plans.write_json)

    redactor = Redactor(loaded.site.secrets)
    with ExitStack() as stack:
        log = EventLog(folder / "events.ndjson")
        bus = EventBus([log, *handlers], redactor, _now)
        stack.callback(bus.close)
        targets = stack.enter_context(OpenTargets(loaded, used))
        bus.emit(
            RunStarted(
                run=folder.resolve().name if request.out else run_id,
                seed=seed,
                seed_given=request.seed is not None,
                command=list(request.command),
                environment=environment(loaded.plugins.names()),
                site=loaded.site.site.name,
                targets=targets.facts(),
                sources=names,
            )
        )
        ending = _execute(loaded, plans.jobs, folder, bus, redactor, targets, request, control, plans)
        outcome: Outcome = "passed" if ending.outcome == "skipped" else ending.outcome
        seconds = (dt.datetime.now(dt.UTC) - started).total_seconds()
        bus.emit(RunFinished(outcome=outcome, exit_code=ending.exit_code, duration_s=seconds))
    write_reports(folder, loaded.plugins.named("fabricate_reporters").values())
    return RunResult(folder, outcome, ending.exit_code)
