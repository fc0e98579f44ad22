"""``fabricate validate``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import (
    examples,
    findings_format_option,
    library_option,
    paths_argument,
    set_option,
    site_option,
    surroundings,
)
from scenario_runner.errors import InvalidInput, in_file_order

if TYPE_CHECKING:
    from scenario_runner.libraries.git_source import GitSource


@click.command(
    epilog=examples(
        "fabricate validate scenarios",
        "fabricate validate ct.yaml --site north.yaml --format github",
    )
)
@paths_argument
@site_option
@library_option
@set_option
@click.option("--strict", is_flag=True, help="Warnings end it with code 3, too.")
@findings_format_option
def validate(
    paths: tuple[Path, ...],
    site: Path | None,
    libraries: tuple[Path | GitSource, ...],
    assignments: tuple[tuple[str, Any], ...],
    strict: bool,
    style: Literal["text", "json", "github"],
) -> int:
    """Check scenario and site files without running anything.

    PATH is a file or a folder. Everything that can be known before a run is checked: structure,
    names in templates, identifier patterns, DICOM attributes. No counter moves.

    What is probably not meant is a warning, which a comment at its line switches off:
    "# fabricate: ignore FAB905".
    """
    from scenario_runner.app.load import Sources
    from scenario_runner.app.validate import validate as check
    from scenario_runner.language.rendering import render

    sources = Sources(
        paths=paths,
        site=site,
        overrides=dict(assignments),
        libraries=libraries,
        around=surroundings(),
    )
    try:
        findings = check(sources)
    except InvalidInput as error:
        if style == "text":
            raise
        # The site itself is wrong, which whoever reads the output of a machine is to see there, too.
        click.echo(render(error.diagnostics, style).rstrip("\n"))
        return error.exit_code
    ordered = in_file_order(findings.diagnostics)
    if ordered:
        click.echo(render(ordered, style).rstrip("\n"))
    errors, warnings = findings.errors, findings.warnings
    if style == "text":
        told = amount(errors, "error") if errors else "no errors"
        told += f", {amount(warnings, 'warning')}" if warnings else ""
        click.echo(f"{amount(findings.files, 'file')} checked, {told}", err=bool(errors))
    return 3 if errors or (strict and warnings) else 0
