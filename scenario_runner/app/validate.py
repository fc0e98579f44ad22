"""What ``fabricate validate`` does: find everything that is wrong, run nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from scenario_runner.app.embedded import require_embedded
from scenario_runner.app.load import (
    Loaded,
    Sources,
    Surroundings,
    declared,
    load_plugins,
    require_declared,
)
from scenario_runner.app.plans import Moment, Plannable, diagnostics, prepare_all, require_selected
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected
from scenario_runner.language.kinds import SITE, input_files, kind_problem
from scenario_runner.language.loader import load_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.site import LoadedSite, default_site, read_site_for_validation
from scenario_runner.plugins import Plugins

_MOMENT = Moment(run_id="validate", seed=0, forced=True, now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
"""Nothing that is found depends on it."""


@dataclass(slots=True)
class Findings:
    """How many files were looked at, and what is wrong with them, in order."""

    files: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)


def validate(sources: Sources) -> Findings:
    """Check every scenario and site file that the paths name.

    Target names are checked when a site is given. Raises NothingSelected when there is no file, and
    InvalidInput, PluginError for the site itself.
    """
    plugins = load_plugins(sources.site)
    site = default_site(sources.around.folder)
    if sources.site is not None:
        site = _site(sources.site, plugins, sources.around)
    findings = Findings()
    made: list[Plannable] = []
    for path, _ in input_files(sources.paths):
        findings.files += 1
        try:
            findings.diagnostics += _check(path, plugins, site, sources, made)
        except InvalidInput as error:
            findings.diagnostics += error.diagnostics
    if not findings.files:
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(f"no YAML file in {names}")
    if not findings.diagnostics:
        documents = [one.scenario.document for one in made]
        given = {name for one in documents for name in declared(one, sources.overrides)}
        require_declared(sources.overrides.keys() - given, documents)
        require_selected(made)
    return findings


def _site(path: Path, plugins: Plugins, around: Surroundings) -> LoadedSite:
    return require_embedded(read_site_for_validation(path, plugins, around.environ))


def _check(
    path: Path, plugins: Plugins, site: LoadedSite, sources: Sources, made: list[Plannable]
) -> list[Diagnostic]:
    """What is wrong with one file. made: where the plan of a sound scenario is put."""
    document = load_document(path)
    if problem := kind_problem(document):
        return [problem]
    if document.data["schema"] == SITE:
        _site(path, load_plugins(path), sources.around)
        return []
    overrides = declared(document, sources.overrides)
    judged = site if sources.site is not None else None
    scenario = check_scenario(document, plugins, site=judged, overrides=overrides)
    planned = prepare_all(Loaded(plugins, site, (scenario,)), (scenario,), _MOMENT)
    made += planned
    return diagnostics(planned)
