"""``fabricate fmt``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import examples


@click.command("fmt", epilog=examples("fabricate fmt scenarios", "fabricate fmt --check ct.yaml"))
@click.argument(
    "paths", metavar="FILES...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--check", is_flag=True, help="Write nothing; end with code 1 where a file would change."
)
def fmt(paths: tuple[Path, ...], check: bool) -> int:
    """Format scenario, site and library files: order of keys, indentation, quotes. Comments stay.

    A file or a folder. What a file says never changes: one that cannot be formatted without is left as it is,
    and told, with code 3.
    """
    from scenario_runner.app.formatting import format_files
    from scenario_runner.language.rendering import render

    done = format_files(paths, only_check=check)
    for path in done.changed:
        click.echo(f"{'would format' if check else 'formatted'} {path}")
    if done.diagnostics:
        click.echo(render(done.diagnostics), nl=False)
    for reason in done.refused:
        click.echo(reason, err=True)
    left = done.files - len(done.changed)
    click.echo(
        f"{amount(done.files, 'file')}, {left} left as {'it is' if left == 1 else 'they are'}",
        err=True,
    )
    if done.diagnostics or done.refused:
        return 3
    return 1 if check and done.changed else 0
