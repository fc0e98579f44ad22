"""``fabricate check``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from scenario_runner.amounts import amount
from scenario_runner.cli.options import examples, findings_format_option, paths_argument
from scenario_runner.errors import NothingSelected


@click.command(
    epilog=examples(
        "fabricate check retrieved",
        "fabricate check image.dcm --with standard --with dciodvfy --format json",
    )
)
@paths_argument
@click.option(
    "--with",
    "names",
    metavar="NAME",
    multiple=True,
    default=("standard",),
    help="A validator; may be repeated. By default our own rules, 'standard'.",
)
@findings_format_option
def check(
    paths: tuple[Path, ...], names: tuple[str, ...], style: Literal["text", "json", "github"]
) -> int:
    """Judge DICOM files: each by itself, then whether those of a study agree.

    PATH is a file or a folder. Exit code 3 when there is an error, 5 when there is no file; warnings
    alone are let pass.
    """
    from scenario_runner.conformance.files import check_paths, chosen
    from scenario_runner.conformance.rendering import render
    from scenario_runner.plugins import Plugins

    plugins = Plugins()
    validators = chosen(names, plugins.named("fabricate_validators"))
    files: set[Path] = set()
    counts = {"error": 0, "warning": 0}
    with plugins.blaming():
        for file, findings in check_paths(paths, validators):
            files.add(file)
            click.echo(render(file, findings, style), nl=False)
            for finding in findings:
                counts[finding.severity] += 1
    if not files:
        raise NothingSelected("there is no file to check")
    if style == "text":
        judges = ", ".join(f"{one.name} {one.version()}" for one in validators)
        click.echo(
            f"{amount(len(files), 'file')} checked by {judges}: {amount(counts['error'], 'error')}, "
            f"{amount(counts['warning'], 'warning')}",
            err=bool(counts["error"]),
        )
    return 3 if counts["error"] else 0
