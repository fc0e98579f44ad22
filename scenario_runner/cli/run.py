"""``fabricate run``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.app.last_failed import last_failed as failed_before
from scenario_runner.cli import shell_completion
from scenario_runner.cli.evidence_options import Evidence, evidence_options
from scenario_runner.cli.kept_memory import keep_memory
from scenario_runner.cli.options import (
    Shard,
    examples,
    fail_fast_option,
    library_option,
    on_option,
    out_option,
    paths_argument,
    production_option,
    registry_option,
    seed_option,
    set_option,
    site_option,
    surroundings,
    tag_option,
    workers_option,
)
from scenario_runner.cli.output import all_told, show_remarks, warn_untold
from scenario_runner.cli.signals import stopping
from scenario_runner.engine.services import Control, Order

if TYPE_CHECKING:
    from scenario_runner.libraries.git_source import GitSource


@click.command(
    epilog=examples(
        "fabricate run xray_smoke",
        "fabricate run scenarios --tag 'smoke and not slow' --site north.yaml",
        "fabricate run ct.yaml --set slices=200 --seed 7 --out evidence-1",
    )
)
@paths_argument
@site_option
@library_option
@set_option
@tag_option
@seed_option
@out_option
@workers_option
@on_option
@fail_fast_option
@click.option(
    "--from",
    "from_step",
    metavar="STEP",
    shell_complete=shell_completion.steps,
    help="Begin at the step with this id.",
)
@click.option(
    "--shard",
    type=Shard(),
    help="Only a part of the cases: 2/5 is every fifth, from the second on. Give each part the same --seed.",
)
@click.option(
    "--last-failed",
    is_flag=True,
    help="Only the cases that did not pass in the newest run in runs/.",
)
@click.option("--review", is_flag=True, help="Show every image first, and ask before sending.")
@registry_option
@click.option(
    "--keep-patients",
    is_flag=True,
    help="Keep every patient in the registry, for later runs to meet again.",
)
@evidence_options
@production_option
@click.option("--job", type=click.Path(path_type=Path), hidden=True)
def run(
    paths: tuple[Path, ...],
    site: Path | None,
    libraries: tuple[Path | GitSource, ...],
    assignments: tuple[tuple[str, Any], ...],
    tag: str | None,
    seed: int | None,
    out: Path | None,
    workers: int,
    on: str | None,
    fail_fast: bool,
    from_step: str | None,
    shard: tuple[int, int] | None,
    last_failed: bool,
    review: bool,
    registry: str | None,
    keep_patients: bool,
    evidence: Evidence,
    allow_production: bool,
    job: Path | None,
) -> int:
    """Run scenarios and leave evidence.

    PATH is a scenario file, a folder of them, or the name of a scenario that ships (fabricate list).

    With --format json every event is written to stdout as it happens, one JSON object a line, as events.ndjson
    in the run folder has it.

    \b
    Exit codes:
      0    everything passed
      1    a check failed
      2    wrong usage
      3    an invalid scenario or site file
      4    a PACS or this machine failed
      5    nothing was selected
      130  interrupted
    """  # noqa: D301 - click wants a real backspace
    if review and evidence.style == "json":
        raise click.UsageError("--review asks people, and --format json tells programs")
    from scenario_runner.app.load import Sources
    from scenario_runner.app.review import NOBODY
    from scenario_runner.app.run import RunRequest
    from scenario_runner.app.run import run as run_scenarios
    from scenario_runner.cli.event_stream import watchers
    from scenario_runner.registry.location import registry_location

    keep_memory()
    request = RunRequest(
        sources=Sources(
            paths=paths,
            site=site,
            overrides=dict(assignments),
            tag=tag,
            libraries=libraries,
            around=surroundings(),
        ),
        registry=registry_location(registry, os.environ),
        out=out,
        seed=seed,
        order=Order(
            workers=workers,
            fail_fast=fail_fast,
            from_step=from_step,
            keep=evidence.keep,
            previews=evidence.previews,
        ),
        allow_production=allow_production,
        log_pdus=evidence.log_pdus,
        chain=evidence.chain,
        keep_patients=keep_patients,
        # As somebody can type it again: a job is between a server and its process.
        command=["fabricate", *(word for word in sys.argv[1:] if word != f"--job={job}")],
        shard=shard,
        on=on,
        only=failed_before(Path("runs")) if last_failed else None,
        run_id=None if job is None else job.parent.name,
    )
    control = Control()
    with ExitStack() as stack:
        ended = stack.enter_context(_attended(job, control))
        looked_at = NOBODY
        if review:
            from scenario_runner.cli.preview import reviewing

            looked_at = stack.enter_context(reviewing())
        console, told = stack.enter_context(
            watchers(evidence.style, workers if on is None else 2, evidence.otel)
        )
        stack.enter_context(stopping(control))
        result = run_scenarios(request, told, control, looked_at)
        ended(result.exit_code)
    console.summary(result.folder)
    show_remarks(result.remarks)
    warn_untold(result)
    return all_told(result.exit_code, console.lost)


@contextmanager
def _attended(job: Path | None, control: Control) -> Iterator[Callable[[int], object]]:
    """Be watched and stopped by the server that started this run, where one did, through the folder of its job."""
    if job is None:
        yield bool
        return
    from scenario_runner.service.runs.job_folder import JobFolder

    with JobFolder(job).attended(control.interrupt) as ended:
        yield ended
