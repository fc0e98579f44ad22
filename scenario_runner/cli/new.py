"""``fabricate new``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.app.new import write_library, write_new
from scenario_runner.cli.options import examples
from scenario_runner.cli.verbosity import remark


@click.command(
    epilog=examples(
        "fabricate new scenario knee",
        "fabricate new library radiology --out libs/radiology",
        "fabricate new site north --out sites/north.yaml",
    )
)
@click.argument("kind", type=click.Choice(["scenario", "site", "library"]))
@click.argument("name")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File to write, of a library the folder; by default NAME.yaml, or NAME, here.",
)
def new(kind: str, name: str, out: Path | None) -> int:
    """Write a new scenario, site file or library to start from; it validates as it is."""
    if kind == "library":
        for path in write_library(name, out):
            click.echo(f"wrote {path}")
        folder = path.parents[1]
        remark(
            f"next: fabricate run {folder.as_posix()}; by its name it is found where it lies in libs/"
        )
        return 0
    path = write_new(kind, name, out)
    click.echo(f"wrote {path}")
    shown = path.as_posix()
    if kind == "site":
        remark(
            f"next: put the address of the PACS in, then fabricate pacs echo pacs --site {shown}"
        )
    else:
        remark(f"next: change it, then fabricate validate {shown} and fabricate run {shown}")
    return 0
