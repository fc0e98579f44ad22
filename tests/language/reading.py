"""Reads and plans a file as ``fabricate validate`` would, with built-ins only."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.library_places import places_of_site
from scenario_runner.errors import Diagnostic, InvalidInput
from scenario_runner.language.document_kinds import LIBRARY, SITE, STEPS, kind_of
from scenario_runner.language.lint import lint
from scenario_runner.language.loader import load_document
from scenario_runner.language.scenario import read_scenario
from scenario_runner.language.site import LoadedSite, default_site, plugin_folders, read_site
from scenario_runner.language.step_list_names import step_list_findings
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import check_library
from scenario_runner.planning.api import CounterExhausted
from scenario_runner.planning.expand import PlanOptions, plan

if TYPE_CHECKING:
    from scenario_runner.plugins import Plugins


# A few of those there are, so that the words of a hint stay the same when more are added.
_MODALITIES = ("CR", "CT", "DX")
_PHANTOMS = {
    **dict.fromkeys(("ct/abdomen", "ct/chest", "ct/head"), frozenset({"CT", "OT"})),
    "xray/chest": frozenset({"CR", "DX", "OT"}),
}


class FirstNumbers:
    """Counters that have handed out nothing yet."""

    def reserve(self, site: str, rule: str, *, start: int, step: int, count: int, last: int) -> int:
        if start + step * (count - 1) > last:
            raise CounterExhausted(start, last)
        return start


def findings(file: Path, plugins: Plugins) -> list[Diagnostic]:
    """What is wrong with a file; of one that is to be warned of, by its name, the warnings."""
    if file.name.startswith("FAB9"):
        document = load_document(file)
        targets = default_site(Path()).site.targets
        return [*errors(file, plugins), *lint(document, plugins, None, targets)]
    return errors(file, plugins)


def errors(file: Path, plugins: Plugins) -> list[Diagnostic]:
    """What is wrong with a scenario or site file; a ``.site.yaml`` beside a scenario is its site."""
    try:
        if kind_of(file) == STEPS:
            return step_list_findings(load_document(file), plugins, Libraries())
        if kind_of(file) == LIBRARY:
            check_library(load_document(file))
        elif kind_of(file) == SITE:
            plugin_folders(file)
            places_of_site(read_site(file, plugins, {}))
        else:
            beside = file.with_suffix(".site.yaml")
            site = read_site(beside, plugins, {}) if beside.exists() else default_site(Path())
            _plan(file, plugins, site)
    except InvalidInput as error:
        return list(error.diagnostics)
    return []


def _plan(file: Path, plugins: Plugins, site: LoadedSite) -> None:
    scenario = read_scenario(file, plugins, site=site, lists=Libraries())
    now = dt.datetime(2026, 1, 31, 9, 30, tzinfo=dt.UTC)
    builders: dict[str, Any] = dict(plugins.named("fabricate_iod_builders"))
    plan(
        scenario,
        site.site,
        options=PlanOptions(
            seed=1,
            now=now,
            run_names={"id": "run", "seed": 1, "started": now.isoformat(), "date": "2026-01-31"},
            modalities={name: builders[name].defaults for name in _MODALITIES},
            pattern_fields=plugins.named("fabricate_pattern_fields"),
            demographics=plugins.named("fabricate_demographics"),
            phantoms=_PHANTOMS,
            sources=plugins.named("fabricate_sources"),
            faults={name: fault.facts for name, fault in plugins.named("fabricate_faults").items()},
        ),
        counters=FirstNumbers(),
        site_document=site.document,
    )
