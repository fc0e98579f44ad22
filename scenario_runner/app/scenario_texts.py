"""Scenarios that come as text, from an editor or over HTTP: judged, planned, and what a stranger's may not do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

from scenario_runner.app.load import (
    Loaded,
    Sources,
    Surroundings,
    declared,
    libraries_for,
    load_plugins,
    load_site,
    require_declared,
)
from scenario_runner.app.plan import preview_loaded
from scenario_runner.app.plans import Plans
from scenario_runner.app.validate import validate_document
from scenario_runner.errors import Diagnostic, InvalidInput, in_file_order
from scenario_runner.language.discretion import discreetly
from scenario_runner.language.document import Document
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.templates import is_template
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.sources import Inputs
from scenario_runner.plugins import Plugins
from scenario_runner.registry.location import Location

_READS: Final = frozenset({"file", "files", "phantom", "from", "import", "rows"})
"""Keys below which a scenario names files that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A scenario that is looked at. file: what diagnostics call it, and where relative names start from.

    text: None for what the file holds. overrides: ``--set`` values, already typed.
    """

    file: Path
    text: str | None = None
    site: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """What lies beside it, by name, where that is nowhere yet."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)

    def document(self) -> Document:
        """Its tree. Raises InvalidInput."""
        if self.text is None:
            return load_document(self.file)
        return parse_document(self.text, str(self.file))

    def inputs(self, *, asks: bool = True) -> Inputs:
        """What its sources of patients are given without reading it. asks: whether they may ask a system."""
        folder = self.file.parent
        read = {(folder / name).as_posix(): text.encode() for name, text in self.files.items()}
        return Inputs(asks=asks, read=read)


def diagnostics_of(draft: Draft, plugins: Plugins | None = None) -> list[Diagnostic]:
    """What ``fabricate validate`` says of it, in order. plugins: instead of those that there are.

    Raises InvalidInput, PluginError for the site.
    """
    known = plugins or load_plugins(draft.site)
    _, site = load_site(draft.site, draft.around)
    sources = Sources(
        paths=[draft.file], site=draft.site, overrides=dict(draft.overrides), around=draft.around
    )
    try:
        document, inputs = draft.document(), draft.inputs(asks=False)
        found = validate_document(document, known, site, sources, inputs)
    except InvalidInput as error:
        found = list(error.diagnostics)
    return in_file_order(found)


def plan_of(draft: Draft, registry: Location, seed: int | None) -> Plans:
    """The plan as a run would have it now; no counter moves. Raises InvalidInput, NothingSelected, MachineError."""
    return preview_loaded(loaded(draft), registry, seed, draft.inputs())


def loaded(draft: Draft) -> Loaded:
    """Its scenario, checked, with its site. Raises InvalidInput, PluginError; UsageError for an override."""
    plugins, site = load_site(draft.site, draft.around)
    document = draft.document()
    known = declared(document, draft.overrides)
    sources = Sources(paths=[draft.file], site=draft.site, around=draft.around)
    lists = libraries_for(sources, site)
    with discreetly(site.secrets):
        scenario = check_scenario(
            document, plugins, site=site, overrides=known, lists=lists, read=draft.inputs().content
        )
    require_declared(draft.overrides.keys() - known.keys(), [document])
    return Loaded(plugins, site, (scenario,), lists)


def uses_plugins(draft: Draft) -> bool:
    """Whether a scenario needs something that a plugin from outside brings: without them more is wrong with it."""
    plugins = load_plugins(draft.site)
    if not plugins.names():
        return False
    wrong_anyway = diagnostics_of(draft, plugins)
    return any(one not in wrong_anyway for one in diagnostics_of(draft, Plugins(outside=False)))


def files_outside(draft: Draft) -> list[str]:
    """The names of files that may lie elsewhere than beside the scenario or below. Raises InvalidInput."""
    return [name for name in _named(draft.document().data, read=False) if _leads_out(name)]


def _named(value: Any, *, read: bool) -> Iterator[str]:
    if isinstance(value, str) and read:
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _named(one, read=read)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _named(one, read=read or key in _READS)


def _leads_out(name: str) -> bool:
    if is_template(name):
        return True  # who knows where
    paths = (PurePosixPath(name), PureWindowsPath(name))
    return any(one.root or one.drive or ".." in one.parts for one in paths)


class TooLongError(ValueError):
    """A plan has more to say than is asked for."""


class Bounded:
    """A stream for a plan, which may have millions of images; raises TooLongError beyond so many characters."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._parts: list[str] = []

    def write(self, text: str, /) -> None:
        """Keep a piece."""
        self._most -= len(text)
        if self._most < 0:
            raise TooLongError("the plan is too long")
        self._parts.append(text)

    def value(self) -> Any:
        """What was written, as JSON."""
        return json.loads("".join(self._parts))
