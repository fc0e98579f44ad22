"""``fabricate explain`` and ``fabricate copy``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.cli.options import examples


@click.command(epilog=examples("fabricate explain FAB104", "fabricate explain step send"))
@click.argument("words", metavar="CODE|step NAME|check NAME", nargs=-1, required=True)
def explain(words: tuple[str, ...]) -> int:
    """Explain a diagnostic, a step or a check, as the reference does; no network is needed."""
    from scenario_runner.app.explain import explained

    click.echo(explained(words), nl=False)
    return 0


@click.command(
    epilog=examples(
        "fabricate copy xray_smoke", "fabricate copy radiology/ct my_tests", "fabricate copy people"
    )
)
@click.argument("name")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def copy(name: str, folder: Path) -> int:
    """Copy a scenario that ships, or LIBRARY/NAME, to change it; with the files beside it that it names.

    NAME may also be a library, which is copied whole into libs/, or a site that ships, which comes into sites/.
    """
    from scenario_runner.app.copying import copy_scenario

    for path in copy_scenario(name, folder, Path()):
        click.echo(f"wrote {path}")
    return 0
