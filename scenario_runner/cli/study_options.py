"""What ``study``, ``from-hl7`` and ``from-fhir`` take: where a study goes, what is kept of it, and how it is shown."""

from __future__ import annotations

import os
import sys
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenario_runner.cli import shell_completion
from scenario_runner.cli.options import (
    Decorator,
    open_option,
    out_option,
    production_option,
    registry_option,
    seed_option,
    surroundings,
)

if TYPE_CHECKING:
    from scenario_runner.app.study import StudyRequest
    from scenario_runner.app.typical_studies import Wishes

target_option: Decorator = click.option(
    "--to",
    metavar="TARGET",
    shell_complete=shell_completion.targets,
    help="Target of the site file, AE@HOST:PORT, or the URL of a DICOMweb service.  [default: pacs]",
)


def making_options(kept_as: str = "study_1/series_001_DX/slice_0001.dcm") -> Decorator:
    """How studies are made, kept and shown, in the order of the help. kept_as: the paths of ``--dicom-dir``."""
    options = (
        seed_option,
        out_option,
        click.option(
            "--dicom-dir",
            metavar="DIR",
            type=click.Path(file_okay=False, path_type=Path),
            help=f"Keep the objects here as {kept_as}.",
        ),
        click.option(
            "--save",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the scenario, to grow it.",
        ),
        click.option("--yes", "-y", is_flag=True, help="Send without asking."),
        click.option(
            "--format",
            "style",
            type=click.Choice(["text", "json"]),
            default="text",
            help="A screen for people, or an object for programs.",
        ),
        open_option("the report"),
        registry_option,
        production_option,
    )
    return lambda command: reduce(lambda made, option: option(made), reversed(options), command)


def requested(wishes: Wishes, registry: str | None, **given: Any) -> StudyRequest:
    """What was asked for, with what only the command line knows. given: other fields of the request."""
    from scenario_runner.app.study import StudyRequest
    from scenario_runner.registry.location import registry_location

    return StudyRequest(
        wishes=wishes,
        registry=registry_location(registry, os.environ),
        command=["fabricate", *sys.argv[1:]],
        around=surroundings(),
        **given,
    )
