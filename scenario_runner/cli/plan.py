"""``fabricate plan``."""

from __future__ import annotations

import os
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli.options import (
    ScenarioPath,
    examples,
    library_option,
    registry_option,
    seed_option,
    set_option,
    site_option,
    surroundings,
)
from scenario_runner.cli.output import show_remarks
from scenario_runner.cli.wrapping import printable
from scenario_runner.evidence.unseen import escaped
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from scenario_runner.libraries.git_source import GitSource


@click.command(
    epilog=examples(
        "fabricate plan scenarios/xray_smoke.yaml",
        "fabricate plan ct.yaml --set slices=200 --format json",
    )
)
@click.argument("path", type=ScenarioPath())
@site_option
@library_option
@set_option
@seed_option
@registry_option
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="An outline for people, or everything for programs.",
)
def plan(
    path: Path,
    site: Path | None,
    libraries: tuple[Path | GitSource, ...],
    assignments: tuple[tuple[str, Any], ...],
    seed: int | None,
    registry: str | None,
    style: str,
) -> int:
    """Show what a scenario would make: patients, studies, series and their identifiers.

    Nothing is sent and no counter moves: the numbers shown are the next ones there are now.
    """
    from scenario_runner.app.load import Sources
    from scenario_runner.app.plan import PlanRequest, preview, write_text
    from scenario_runner.registry.location import registry_location

    plans = preview(
        PlanRequest(
            sources=Sources(
                paths=[path],
                site=site,
                overrides=dict(assignments),
                libraries=libraries,
                around=surroundings(),
            ),
            registry=registry_location(registry, os.environ),
            seed=seed,
        )
    )
    clean = Redactor(plans.secrets).text
    if style == "json":
        plans.write_json(sys.stdout, escaped)
        click.echo()
    else:
        outline = StringIO()
        write_text(plans, outline)
        shown = clean(outline.getvalue())
        click.echo("\n".join(map(printable, shown.rstrip("\n").split("\n"))))
    show_remarks([*map(clean, plans.remarks)])
    return 0
