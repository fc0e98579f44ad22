"""``fabricate rerun``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.evidence_options import Evidence, evidence_options
from scenario_runner.cli.kept_memory import keep_memory
from scenario_runner.cli.options import (
    RunFolder,
    examples,
    fail_fast_option,
    out_option,
    production_option,
    registry_option,
    surroundings,
    workers_option,
)
from scenario_runner.cli.output import all_told, show_remarks, warn_untold
from scenario_runner.cli.signals import stopping
from scenario_runner.cli.verbosity import remark
from scenario_runner.engine.services import Control


@click.command(
    epilog=examples(
        "fabricate rerun runs/20261120T172139Z-3f2a",
        "fabricate rerun 20261120T172139Z-3f2a --failed",
    )
)
@click.argument("run", type=RunFolder())
@click.option(
    "--failed",
    is_flag=True,
    help="Only the cases that did not pass; the others are in the record as they were.",
)
@out_option
@workers_option
@fail_fast_option
@evidence_options
@registry_option
@production_option
def rerun(
    run: Path,
    failed: bool,
    out: Path | None,
    workers: int,
    fail_fast: bool,
    evidence: Evidence,
    registry: str | None,
    allow_production: bool,
) -> int:
    """Repeat a run from its folder, and send only what was not acknowledged.

    RUN is a run folder, or the id of a run under runs/. Sources, seed, variables and the numbers of all
    identifiers are those of the run: no counter moves, and patients, UIDs and pixels are the same. An
    instance that the PACS acknowledged is not sent again, unless it was deleted since; one that was
    refused, or of which nobody knows, is. Works for a run that was killed, too.

    Exit codes are those of fabricate run.
    """
    from scenario_runner.app.rerun import RerunRequest
    from scenario_runner.app.rerun import rerun as repeat
    from scenario_runner.cli.event_stream import watchers
    from scenario_runner.registry.location import registry_location

    keep_memory()
    request = RerunRequest(
        folder=run,
        failed=failed,
        out=out,
        workers=workers,
        fail_fast=fail_fast,
        allow_production=allow_production,
        log_pdus=evidence.log_pdus,
        keep=evidence.keep,
        previews=evidence.previews,
        chain=evidence.chain,
        registry=registry_location(registry, os.environ),
        command=["fabricate", *sys.argv[1:]],
        around=surroundings(),
    )
    control = Control()
    with (
        watchers(evidence.style, workers, evidence.otel) as (console, told),
        stopping(control),
    ):
        result = repeat(request, told, control)
    console.summary(result.folder)
    if carried := sum(bool(case.from_run) for case in result.record.cases):
        remark(f"{amount(carried, 'case')} that passed before in the record as it was")
    show_remarks(result.remarks)
    warn_untold(result)
    return all_told(result.exit_code, console.lost)
