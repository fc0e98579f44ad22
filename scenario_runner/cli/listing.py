"""``fabricate list``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli.options import examples, library_option, surroundings, tag_option
from scenario_runner.cli.rows import Style, print_rows, style_option
from scenario_runner.cli.verbosity import remark

if TYPE_CHECKING:
    from scenario_runner.libraries.git_source import GitSource


_HERE = Path("scenarios")


@click.command(
    "list",
    epilog=examples("fabricate list", "fabricate list my_tests --tag 'smoke and not slow'"),
)
@click.argument(
    "paths", metavar="[PATH]...", nargs=-1, type=click.Path(exists=True, path_type=Path)
)
@tag_option
@library_option
@style_option
def list_(
    paths: tuple[Path, ...], tag: str | None, libraries: tuple[Path | GitSource, ...], style: Style
) -> int:
    """List the scenarios that can be run: in the folder scenarios here, of libraries, and those that ship.

    fabricate run takes the name of one that ships, or LIBRARY/NAME, as it takes a file. With PATH, files or
    folders, those there are listed and no others. The exit code is 5 where there is none.
    """
    from scenario_runner.app.libraries import found_libraries
    from scenario_runner.app.load import Sources
    from scenario_runner.app.select import matches
    from scenario_runner.app.shipped_scenarios import (
        scenarios_in,
        scenarios_of,
        shipped_scenarios,
    )
    from scenario_runner.app.sites import shipped_sites
    from scenario_runner.libraries.places import Places

    folders = paths or ((_HERE,) if _HERE.is_dir() else ())
    found = [
        one
        for folder in folders
        for one in scenarios_in(folder) or scenarios_of(Places().newest_in(folder))
    ]
    if not paths:
        sources = Sources(paths=(Path(),), libraries=libraries, around=surroundings())
        found += scenarios_of(found_libraries(sources)[0])
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
        # Those that ship and those of libraries are run by their names; a path is wanted of the others.
        columns = ("name", "title", "tags", "from")
        rows = [
            {**row, "from": one.source if one.has_name else one.path}
            for row, one in zip(rows, fitting, strict=True)
        ]
    print_rows(rows, columns, style)
    if not paths and style == "text":
        remark(f"sites that ship, for --site: {', '.join(shipped_sites())}")
    if not rows:
        remark("there is no scenario" + (f" whose tags fit '{tag}'" if tag else ""))
    return 0 if rows else 5
