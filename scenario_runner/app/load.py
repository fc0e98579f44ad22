"""From paths on a command line to plugins, a site and checked scenarios."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected
from scenario_runner.language.scenario import Scenario, read_scenario, scenario_files
from scenario_runner.language.site import LoadedSite, default_site, plugin_folders, read_site
from scenario_runner.plugins import Plugins


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What to read. overrides: ``--set`` values, already typed by the scalar rules."""

    paths: Sequence[Path]
    site: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything read and checked, nothing planned yet."""

    plugins: Plugins
    site: LoadedSite
    scenarios: tuple[Scenario, ...]


def load_plugins(site: Path | None) -> Plugins:
    """The plugins that are installed and those that a site file names."""
    return Plugins(plugin_folders(site) if site is not None else ())


def load_site(path: Path | None) -> tuple[Plugins, LoadedSite]:
    """Read a site file and load the plugins it names; without one, the embedded PACS.

    Raises InvalidInput, PluginError.
    """
    plugins = load_plugins(path)
    if path is None:
        return plugins, default_site()
    return plugins, read_site(path, plugins, os.environ)


def load(sources: Sources) -> Loaded:
    """Read all files. Raises InvalidInput with the diagnostics of every file at once."""
    plugins, site = load_site(sources.site)
    scenarios: list[Scenario] = []
    diagnostics: list[Diagnostic] = []
    for path in scenario_files(sources.paths):
        try:
            scenarios.append(
                read_scenario(path, plugins, site=site, overrides=sources.overrides)
            )
        except InvalidInput as error:
            diagnostics.extend(error.diagnostics)
    if diagnostics:
        raise InvalidInput(diagnostics)
    if not scenarios:
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(f"no scenario in {names}", hint="a scenario has 'schema: scenario/v1'")
    return Loaded(plugins, site, tuple(scenarios))
