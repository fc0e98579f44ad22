"""``fabricate new``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import examples


@click.command(
    epilog=examples(
        "fabricate new scenario knee", "fabricate new site north --out sites/north.yaml"
    )
)
@click.argument("kind", type=click.Choice(["scenario", "site"]))
@click.argument("name")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File to write; by default NAME.yaml here.",
)
def new(kind: str, name: str, out: Path | None) -> int:
    """Write a new scenario or site file to start from; it validates as it is."""
    from scenario_runner.app.new import write_new

    path = write_new(kind, name, out)
    click.echo(f"wrote {path}")
    return 0
