"""``fabricate list``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from scenario_runner.cli.options import examples, tag_option
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark

_HERE = Path("scenarios")


@click.command(
    "list",
    epilog=examples("fabricate list", "fabricate list my_tests --tag 'smoke and not slow'"),
)
@click.argument(
    "paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True, path_type=Path)
)
@tag_option
@style_option
def list_(paths: tuple[Path, ...], tag: str | None, style: Style) -> int:
    """List the scenarios that can be run: those that ship, and those in the folder scenarios here.

    fabricate run takes the name of one that ships as it takes a file. With PATH, files or folders, those
    there are listed and no others. The exit code is 5 where there is none.
    """
    from scenario_runner.app.select import matches
    from scenario_runner.app.shipped_scenarios import scenarios_in, shipped_scenarios

    folders = paths or ((_HERE,) if _HERE.is_dir() else ())
    found = [one for folder in folders for one in scenarios_in(folder)]
    if not paths:
        found += shipped_scenarios()
    fitting = [one for one in found if tag is None or matches(tag, one.tags)]
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "title": one.title,
            "tags": list(one.tags) if style == "json" else " ".join(one.tags),
            "path": one.path,
            "from": one.source,
        }
        for one in fitting
    ]
    columns: tuple[str, ...] = ("name", "title", "tags", "path", "from")
    if style == "text":
        # By their names is how those that ship are run.
        columns = columns[: 4 if folders else 3]
    print_rows(rows, columns, style)
    if not rows:
        remark("there is no scenario" + (f" whose tags fit '{tag}'" if tag else ""))
    return 0 if rows else 5
