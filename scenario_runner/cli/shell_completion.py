"""What a shell may complete: names that are in files here, in the registry, or shipped.

Each function is asked while somebody types, so it gives nothing rather than an error, whatever is wrong
with the files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from scenario_runner.dicom import dictionary
from scenario_runner.errors import FabricatorError

if TYPE_CHECKING:
    from scenario_runner.language.scenario import Scenario

_RUNS = 50
"""The newest runs; who means an older one knows its id."""

_PATIENTS = 5000
"""Patients whose IDs are looked through; with more of them, who types knows how it begins."""

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completes(names: Callable[[click.Context], Iterable[str | tuple[str, str]]]) -> Complete:
    """What click asks, from a function that gives names, or pairs of a name and what it is."""

    def complete(
        context: click.Context,
        parameter: click.Parameter,  # noqa: ARG001 - what click hands over
        incomplete: str,
    ) -> list[CompletionItem]:
        try:
            pairs = [(one, "") if isinstance(one, str) else one for one in names(context)]
        except (FabricatorError, OSError, ValueError, TypeError, AttributeError, KeyError):
            return []
        return [
            CompletionItem(name, help=about or None)
            for name, about in dict(pairs).items()
            if name.startswith(incomplete)
        ]

    return complete


def _site(context: click.Context) -> Any:
    """The site file's content as it stands, without secrets and without judging it."""
    from scenario_runner.language.loader import load_document

    given = context.params.get("site") or os.environ.get("FABRICATE_SITE")
    return load_document(given).data if given else {"targets": {"pacs": {"embedded": {}}}}


def _targets(context: click.Context) -> Iterator[tuple[str, str]]:
    for name, services in _site(context)["targets"].items():
        dicom = services.get("dicom") or {}
        address = f"{dicom['ae_title']}@{dicom['host']}:{dicom['port']}" if dicom else ""
        yield str(name), address or ", ".join(map(str, services))


def _scenarios(context: click.Context) -> Iterator[Scenario]:
    from scenario_runner.app.load import load_plugins
    from scenario_runner.language.scenario import read_scenario, scenario_files

    given = context.params.get("site")
    plugins = load_plugins(Path(given) if given else None)
    # With an option that still lacks its value, click has not told arguments from one another yet.
    words = context.params.get("paths") or context.args
    for path in scenario_files(path for word in words if (path := Path(word)).exists()):
        try:
            yield read_scenario(path, plugins)
        except FabricatorError:
            continue


def _steps(context: click.Context) -> Iterator[tuple[str, str]]:
    for scenario in _scenarios(context):
        for entry in scenario.steps:
            yield entry.id, entry.title or entry.step


def _tags(context: click.Context) -> Iterator[str]:
    for scenario in _scenarios(context):
        yield from scenario.header.tags


def _variables(context: click.Context) -> Iterator[str]:
    for scenario in _scenarios(context):
        yield from (f"{name}=" for name in scenario.header.vars)
        yield from (f"matrix.{axis}=" for axis in scenario.header.matrix)


def _run_ids(context: click.Context) -> Iterator[str]:
    del context
    found = (one.name for one in Path("runs").iterdir() if (one / "events.ndjson").is_file())
    yield from sorted(found, reverse=True)[:_RUNS]


def _shipped(context: click.Context) -> Iterator[tuple[str, str]]:
    del context
    from scenario_runner.app.shipped_scenarios import shipped_scenarios

    for one in shipped_scenarios():
        yield one.name, one.title
        yield one.path, one.title


def _kinds(context: click.Context) -> Iterator[tuple[str, str]]:
    del context
    from scenario_runner.app.typical_studies import kinds, typical
    from scenario_runner.imaging.modalities import defaults

    known = {one.key: one for one in defaults.ALL}
    for name in kinds(known):
        about = typical().get(name, {}).get("study") or {}
        yield name, str(about.get("description", ""))


def _patients(context: click.Context) -> Iterator[tuple[str, str]]:
    from scenario_runner.database.engine import Database
    from scenario_runner.registry.location import registry_location
    from scenario_runner.registry.people import People

    with Database(registry_location(context.params.get("registry"), os.environ)) as database:
        for one in islice(People(database).each(), _PATIENTS):
            yield one.id, f"{one.name} {one.sex} {one.birth_date}"


def _keywords(context: click.Context) -> Iterator[str]:
    del context
    yield from (f"{keyword}=" for keyword in sorted(dictionary.keywords()))


targets = _completes(_targets)
steps = _completes(_steps)
tags = _completes(_tags)
variables = _completes(_variables)
run_ids = _completes(_run_ids)
shipped = _completes(_shipped)
kinds = _completes(_kinds)
keywords = _completes(_keywords)
patients = _completes(_patients)
