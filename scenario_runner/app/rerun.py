"""What ``fabricate rerun`` does: a run again from its folder, without what was acknowledged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.carried_cases import keep_carried
from scenario_runner.app.cluster.left import left_in_ledger
from scenario_runner.app.earlier_runs import EarlierSends, keep_told, told_of_instances
from scenario_runner.app.folder import made_run_folder, new_run_id
from scenario_runner.app.kept_inputs import Kept, load_kept, read_request
from scenario_runner.app.known_patients import usage_notes
from scenario_runner.app.load import Loaded, Surroundings
from scenario_runner.app.plans import Nowhere, Plans, replay_all
from scenario_runner.app.run import Planned, Prepared, RunResult, carry_out
from scenario_runner.app.same_pacs import digests, read_addresses
from scenario_runner.app.services import targets_of
from scenario_runner.engine.services import Control, Keep, Order
from scenario_runner.errors import NothingSelected, UsageError
from scenario_runner.events import EventHandler
from scenario_runner.evidence.write import read_plan, read_record
from scenario_runner.language.scenario import Scenario
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.app.targets import OpenTargets
    from scenario_runner.evidence.record import RunRecord
    from scenario_runner.registry.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class RerunRequest:
    """Everything ``fabricate rerun`` was asked."""

    folder: Path
    """Of the run to repeat."""
    failed: bool = False
    """Only the cases that did not pass; the others are in the record as they were."""
    out: Path | None = None
    workers: int = 1
    fail_fast: bool = False
    allow_production: bool = False
    log_pdus: bool = False
    keep: Keep = "none"
    previews: int = 1
    chain: bool = False
    registry: Location | None = None
    """Told of what was made for patients that are kept; no number and nobody is taken from it."""
    command: Sequence[str] = ()
    around: Surroundings = field(default_factory=Surroundings)


def rerun(request: RerunRequest, handlers: Sequence[EventHandler], control: Control) -> RunResult:
    """Repeat a run: same identities, UIDs and pixels, with the numbers it recorded.

    No counter moves. An instance that the run saw acknowledged is not sent again, unless it was
    deleted since, or the PACS is not one that keeps anything. Raises FabricatorError.
    """
    started = dt.datetime.now(dt.UTC)
    folder = request.folder
    record = read_record(folder)
    kept = read_request(folder)
    loaded = load_kept(folder, kept, request.around)
    loaded.plugins.require_all()
    plans = replay_all(loaded, loaded.scenarios, kept.moment, read_plan(folder).reserved)
    plans = plans.only(lambda job: job.case.id in kept.plan)
    _require_same(plans, kept, record)
    whole, passed = plans, frozenset[str]()
    if request.failed:
        failed = plans.with_loads({case.id for case in record.cases if case.outcome != "passed"})
        passed = frozenset(case.id for case in record.cases) - failed
        plans = plans.some(lambda job: job.case.id not in passed)
    if not plans.jobs:
        raise NothingSelected(f"every case of '{folder}' passed", hint="leave --failed out")
    scenarios, repeated = (_scenarios(loaded, each) for each in (whole, plans))
    job = Prepared(
        run_id=new_run_id(started),
        started=started,
        loaded=loaded,
        scenarios=scenarios,
        moment=kept.moment,
        targets=targets_of(loaded, repeated, allow_production=request.allow_production),
        order=Order(
            workers=request.workers,
            fail_fast=request.fail_fast,
            from_step=kept.from_step,
            keep=request.keep,
            previews=request.previews,
        ),
        overrides=kept.overrides,
        command=request.command,
        rerun_of=_repeated(record, request),
        log_pdus=request.log_pdus,
        chain=request.chain,
        whole=whole,
    )
    with made_run_folder(request.out, job.run_id) as made:
        # What is told from here on is told in that folder.
        notes = usage_notes(plans, request.registry, job.run_id, every=False)

    def known() -> Iterator[dict[str, Any]]:
        yield from told_of_instances(folder, record.id)
        # All that is in a ledger, in its order: what the log has of it may end before a deletion.
        yield from left_in_ledger(folder, record.id, request.registry)

    def with_memory(targets: OpenTargets) -> Plans:
        trusted = _trusted(folder, kept, targets)
        lost = [name for name, same in trusted.items() if not same]
        sends = EarlierSends()
        keep_told(made, sends.taking(known()), lost)
        keep_carried(made, folder, record.id, passed)
        jobs = [
            replace(
                one,
                earlier=sends.of(one.case.id, trusted),
                compared=sends.compared_of(one.case.id, trusted),
            )
            for one in plans.jobs
        ]
        return replace(plans, jobs=jobs)

    planned = Planned(plans, made, notes, opened=with_memory)
    return carry_out(job, planned, handlers, control)


def _scenarios(loaded: Loaded, plans: Plans) -> list[Scenario]:
    """The scenarios that the cases are of."""
    names = {job.scenario.header.name for job in plans.jobs}
    return [one for one in loaded.scenarios if one.header.name in names]


def _require_same(plans: Plans, kept: Kept, record: RunRecord) -> None:
    """Raises UsageError unless every identity is what it was."""
    digests = plans.write_json(Nowhere())
    different = [case for case, digest in kept.plan.items() if digests.get(case) != digest]
    if different:
        version = record.environment.get("fabricator", "unknown")
        raise UsageError(
            f"'{different[0]}' would not have the identities and pictures it had",
            hint="a picture that it shows has changed, or another version or plugin plans it; it was "
            f"planned by version {version}, with the plugins that run.json names; "
            "start a new run",
        )


def _repeated(record: RunRecord, request: RerunRequest) -> dict[str, Any]:
    """What the new record says of the old one."""
    return {
        "run": record.id,
        "folder": request.folder.as_posix(),
        "started": record.started,
        "outcome": record.outcome,
        "failed_only": request.failed,
        "cases": {case.id: case.outcome for case in record.cases},
    }


def _trusted(folder: Path, kept: Kept, targets: OpenTargets) -> Mapping[str, bool]:
    """Which targets are the PACS they were and keep what they are given."""
    before = read_addresses(folder)
    facts = targets.facts()
    now = digests(facts, kept.moment.run_id)
    return {
        each.name: each.name in now
        and targets.lasting(each.name)
        and before.get(each.name) == now[each.name]
        for each in facts
    }
