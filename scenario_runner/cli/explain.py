"""``fabricate explain`` and ``fabricate copy``."""

from __future__ import annotations

from pathlib import Path

import click

from scenario_runner.app.explain import explained
from scenario_runner.cli.options import examples
from scenario_runner.cli.verbosity import remark


@click.command(epilog=examples("fabricate explain FAB104", "fabricate explain step send"))
@click.argument("words", metavar="CODE|step NAME|check NAME|KEY", nargs=-1, required=True)
def explain(words: tuple[str, ...]) -> int:
    """Explain a diagnostic, a step, a check or a key of the scenario file, as the reference does; no network is needed."""
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
    """Copy a scenario that ships, or LIBRARY/NAME, to change it; with the files that it names.

    Step lists that it uses stay in their library, which the copy names.

    NAME may also be a library, which is copied whole into libs/, or a site that ships, which comes into sites/.
    """
    from scenario_runner.app.copying import copy_scenario

    copied = copy_scenario(name, folder, Path())
    for path in copied.written:
        click.echo(f"wrote {path}")
    if (library := copied.needs) is not None:
        remark(
            f"it uses step lists of {library.name} {library.version} ({library.known_as}), which stay there; "
            f"fabricate copy {library.name} brings them to libs/"
        )
    return 0
