"""``fabricate rerun``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scenario_runner.cli.options import pdu_log_option
from scenario_runner.cli.run import interruptible
from scenario_runner.engine.services import Control


class RunFolder(click.Path):
    """A run folder; the id of a run under ``runs/`` will do."""

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """The folder as given, or the one of that name under ``runs/``."""
        below = Path("runs", str(value))
        chosen = below if not Path(str(value)).exists() and below.is_dir() else Path(str(value))
        super().convert(str(chosen), param, ctx)
        return chosen


@click.command()
@click.argument("run", type=RunFolder())
@click.option("--failed", is_flag=True, help="Only the cases that did not pass.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Run folder to make; by default runs/<run-id>. Never overwritten.",
)
@click.option(
    "--workers", type=click.IntRange(1, 64), metavar="N", default=1, help="Cases side by side."
)
@click.option("--fail-fast", is_flag=True, help="Start no further case after one did not pass.")
@pdu_log_option
@click.option("--allow-production", is_flag=True, help="Let targets called production be used.")
def rerun(
    run: Path,
    failed: bool,
    out: Path | None,
    workers: int,
    fail_fast: bool,
    log_pdus: bool,
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
    from scenario_runner.cli.console import Console

    request = RerunRequest(
        folder=run,
        failed=failed,
        out=out,
        workers=workers,
        fail_fast=fail_fast,
        allow_production=allow_production,
        log_pdus=log_pdus,
        command=["fabricate", *sys.argv[1:]],
    )
    control = Control()
    with Console(side_by_side=workers > 1) as console, interruptible(control):
        result = repeat(request, [console], control)
    console.summary(result.folder)
    return result.exit_code
