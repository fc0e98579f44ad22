"""From paths on a command line to plugins, a site and checked scenarios."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from scenario_runner.app.embedded import require_embedded
from scenario_runner.app.select import matches
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected, UsageError
from scenario_runner.language.document import Document
from scenario_runner.language.kinds import scenario_files
from scenario_runner.language.loader import load_document
from scenario_runner.language.scalars import AXIS_OF
from scenario_runner.language.scenario import Scenario, check_scenario
from scenario_runner.language.site import LoadedSite, default_site, plugin_folders, read_site
from scenario_runner.planning.matrix import DIRECTIVES
from scenario_runner.plugins import Plugins


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the command line knows of its process, and nobody else asks for.

    environ: the variables that ``{{ env.NAME }}`` of a site file may name.
    """

    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path = Path()
    """What relative paths start from where no site file is the beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What to read.

    overrides: ``--set`` values, already typed by the scalar rules. tag: an expression; scenarios whose tags
    do not fit it are not held against the site, which need not have what they ask for.
    """

    paths: Sequence[Path]
    site: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    tag: str | None = None
    around: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything read and checked, nothing planned yet."""

    plugins: Plugins
    site: LoadedSite
    scenarios: tuple[Scenario, ...]


def load_plugins(site: Path | None, text: str | None = None) -> Plugins:
    """The plugins that are installed and those that a site file names. text: as for ``load_site``."""
    return Plugins(plugin_folders(site, text) if site is not None else ())


def load_site(
    path: Path | None, around: Surroundings, text: str | None = None
) -> tuple[Plugins, LoadedSite]:
    """Read a site file and load the plugins it names; without one, the embedded PACS.

    text: what the file held once, to be read instead of what it holds now. Raises InvalidInput,
    PluginError.
    """
    plugins = load_plugins(path, text)
    if path is None:
        return plugins, default_site(around.folder)
    return plugins, require_embedded(read_site(path, plugins, around.environ, text))


def load(sources: Sources) -> Loaded:
    """Read all files. Raises InvalidInput with the diagnostics of every file at once."""
    plugins, site = load_site(sources.site, sources.around)
    scenarios: list[Scenario] = []
    diagnostics: list[Diagnostic] = []
    unknown = set(sources.overrides)
    for path in scenario_files(sources.paths):
        try:
            document = load_document(path)
            overrides = declared(document, sources.overrides)
            unknown -= overrides.keys()
            held_against = site if _is_selected(document, sources.tag) else None
            scenarios.append(
                check_scenario(document, plugins, site=held_against, overrides=overrides)
            )
        except InvalidInput as error:
            diagnostics.extend(error.diagnostics)
    if diagnostics:
        raise InvalidInput(diagnostics)
    if not scenarios:
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(
            f"no scenario in {names}", hint="a scenario has 'schema: scenario/v1'"
        )
    require_declared(unknown, [scenario.document for scenario in scenarios])
    return Loaded(plugins, site, tuple(scenarios))


def _is_selected(document: Document, tag: str | None) -> bool:
    tags = document.data.get("tags") if isinstance(document.data, dict) else None
    return tag is None or matches(tag, map(str, tags) if isinstance(tags, list) else ())


def declared(document: Document, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the overrides that are variables of this scenario, or axes of its matrix."""
    data = document.data if isinstance(document.data, dict) else {}
    known = [*_keys(data.get("vars")), *(f"{AXIS_OF}{axis}" for axis in _axes(data))]
    return {name: value for name, value in overrides.items() if name in known}


def _axes(data: Mapping[str, Any]) -> list[str]:
    """The axes of a matrix, and what ``include`` adds to them."""
    matrix = data.get("matrix")
    own = [axis for axis in _keys(matrix) if axis not in DIRECTIVES]
    included = matrix.get("include") if isinstance(matrix, dict) else None
    entries = included if isinstance(included, list) else []
    return list(dict.fromkeys([*own, *(axis for entry in entries for axis in _keys(entry))]))


def _keys(value: Any) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def require_declared(unknown: Collection[str], documents: Sequence[Document]) -> None:
    """Raises UsageError for a variable, NothingSelected for an axis, that no scenario declares."""
    if not unknown:
        return
    name = min(unknown)
    axis = name.removeprefix(AXIS_OF)
    data = [one.data for one in documents if isinstance(one.data, dict)]
    known = {
        key for one in data for key in (_keys(one.get("vars")) if axis == name else _axes(one))
    }
    near = get_close_matches(axis, sorted(known), 1)
    what = "variables" if axis == name else "axes"
    hint = f"did you mean '{near[0]}'?" if near else f"{what}: {', '.join(sorted(known)) or 'none'}"
    if axis == name:
        raise UsageError(f"--set {name}: no scenario declares this variable", hint=hint)
    raise NothingSelected(f"--set {name}: no scenario has this axis in its matrix", hint=hint)
