"""``fabricate runs``: the run folders there are."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from scenario_runner.cli.options import Decorator, RunFolder, examples
from scenario_runner.cli.wrapping import json_text

_folder: Decorator = click.argument(
    "folder",
    default="runs",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)


@click.group()
def runs() -> None:
    """List, show, thin out and take along the runs there are."""


@runs.command(name="list", epilog=examples("fabricate runs list", "fabricate runs list nightly"))
@_folder
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or one JSON object a line.",
)
def list_(folder: Path, style: str) -> int:
    """List the runs of a folder, the newest first.

    FOLDER is runs unless another is named.
    """
    from scenario_runner.app.run_store import stored
    from scenario_runner.evidence.html_text import in_a_line, seconds

    for one in stored(folder):
        record = one.record
        passed = sum(case.outcome == "passed" for case in record.cases)
        if style == "json":
            line = {
                "run": record.id,
                "folder": str(one.folder),
                "started": record.started,
                "outcome": record.outcome,
                "duration_s": record.duration_s,
                "cases": len(record.cases),
                "passed": passed,
                "signed": one.signed,
            }
            click.echo(json_text(line))
            continue
        signed = f", signed by {one.signed}" if one.signed else ""
        started = (record.started or "")[:19].replace("T", " ")
        click.echo(
            f"{in_a_line(one.folder.name, 60):28} {started:19}  {record.outcome:11} "
            f"{passed} of {len(record.cases)} cases, {seconds(record.duration_s)}{signed}"
        )
    return 0


@runs.command(epilog=examples("fabricate runs show 20261120T172139Z-3f2a"))
@click.argument("run", type=RunFolder())
def show(run: Path) -> int:
    """Show what came of a run: its cases, and what did not pass.

    RUN is a run folder, or the id of a run under runs/.
    """
    from scenario_runner.evidence.flat import BAD, complaint
    from scenario_runner.evidence.history import without_plan
    from scenario_runner.evidence.html_text import seconds, visible
    from scenario_runner.evidence.write import EVENTS

    if not (run / EVENTS).is_file():
        raise click.UsageError(f"'{run}' is not a run: it has no {EVENTS}")
    record = without_plan(run)
    click.echo(f"{visible(record.id, 120)}: {record.outcome}, {seconds(record.duration_s)}")
    for case in record.cases:
        click.echo(f"  {case.outcome:11} {visible(case.id, 200)}")
        for step in case.steps:
            if step.outcome in BAD:
                click.echo(f"              {visible(step.id, 80)}: {visible(complaint(step), 300)}")
    return 0


@runs.command(
    epilog=examples(
        "fabricate runs prune --keep 50",
        "fabricate runs prune nightly --keep 10 --older-than 30 --passed --yes",
    )
)
@_folder
@click.option("--keep", type=click.IntRange(0), metavar="N", required=True, help="So many stay.")
@click.option(
    "--older-than",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help="Only runs that started longer ago.",
)
@click.option("--passed", is_flag=True, help="Only runs that passed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(folder: Path, keep: int, older_than: int | None, passed: bool, yes: bool) -> int:
    """Delete old runs.

    The newest N stay, and whatever is signed or comes before a run that stays in a chain.
    """
    from scenario_runner.app.run_store import delete, prunable, stored
    from scenario_runner.evidence.html_text import in_a_line

    before = None
    if older_than is not None:
        before = dt.datetime.now(dt.UTC) - dt.timedelta(days=older_than)
    gone = prunable(stored(folder), keep, before, passed_only=passed)
    if not gone:
        click.echo("nothing to delete")
        return 0
    for one in gone:
        click.echo(f"{in_a_line(one.folder.name, 80)}  {one.record.outcome}")
    if not yes and not click.confirm(
        f"Delete these {len(gone)} runs? (--yes does not ask)", err=True
    ):
        click.echo("nothing was deleted")
        return 0
    delete(gone)
    click.echo(f"{len(gone)} runs deleted")
    return 0


@runs.command(epilog=examples("fabricate runs export 20261120T172139Z-3f2a run.zip"))
@click.argument("run", type=RunFolder())
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(run: Path, file: Path) -> int:
    """Write a run with all its files and signatures into a ZIP file.

    RUN is a run folder, or the id of a run under runs/. FILE is made; the same run gives the same bytes.
    """
    from scenario_runner.app.run_store import export as exported

    click.echo(f"{exported(run, file)} files: {file}")
    return 0
