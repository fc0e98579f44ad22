"""``fabricate run``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from scenario_runner.cli.options import (
    examples,
    fail_fast_option,
    out_option,
    paths_argument,
    pdu_log_option,
    production_option,
    registry_option,
    seed_option,
    set_option,
    site_option,
    surroundings,
    workers_option,
)
from scenario_runner.cli.signals import on_signal
from scenario_runner.engine.services import Control, Order


@click.command(
    epilog=examples(
        "fabricate run scenarios/xray_smoke.yaml",
        "fabricate run scenarios --tag 'smoke and not slow' --site north.yaml",
        "fabricate run ct.yaml --set slices=200 --seed 7 --out evidence-1",
    )
)
@paths_argument
@site_option
@set_option
@click.option("--tag", metavar="EXPR", help="Only scenarios whose tags fit: 'smoke and not slow'.")
@seed_option
@out_option
@workers_option
@fail_fast_option
@click.option("--from", "from_step", metavar="STEP", help="Begin at the step with this id.")
@registry_option
@pdu_log_option
@production_option
def run(
    paths: tuple[Path, ...],
    site: Path | None,
    assignments: tuple[tuple[str, Any], ...],
    tag: str | None,
    seed: int | None,
    out: Path | None,
    workers: int,
    fail_fast: bool,
    from_step: str | None,
    registry: str | None,
    log_pdus: bool,
    allow_production: bool,
) -> int:
    """Run scenarios and leave evidence.

    PATH is a scenario file or a folder of them.

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
    from scenario_runner.app.load import Sources
    from scenario_runner.app.run import RunRequest
    from scenario_runner.app.run import run as run_scenarios
    from scenario_runner.cli.console import Console
    from scenario_runner.registry.location import registry_location

    request = RunRequest(
        sources=Sources(
            paths=paths, site=site, overrides=dict(assignments), tag=tag, around=surroundings()
        ),
        registry=registry_location(registry, os.environ),
        out=out,
        seed=seed,
        order=Order(workers=workers, fail_fast=fail_fast, from_step=from_step),
        allow_production=allow_production,
        log_pdus=log_pdus,
        command=["fabricate", *sys.argv[1:]],
    )
    control = Control()
    with Console(side_by_side=workers > 1) as console, on_signal(control.interrupt):
        result = run_scenarios(request, [console], control)
    console.summary(result.folder)
    return result.exit_code
