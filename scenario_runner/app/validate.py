"""What ``fabricate validate`` does: find everything that is wrong, run nothing."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

from scenario_runner.app.embedded import require_embedded
from scenario_runner.app.library_places import places_of_site
from scenario_runner.app.load import (
    Loaded,
    Sources,
    Surroundings,
    declared,
    found_paths,
    libraries_for,
    load_plugins,
    require_declared,
    with_usual_site,
)
from scenario_runner.app.overlays import (
    added,
    is_run,
    is_taken,
    name_of,
    overlay_of_site,
    overrides_of,
    require_sound,
    unmet,
)
from scenario_runner.app.plans import Moment, Plannable, diagnostics, prepare_all, require_selected
from scenario_runner.app.site_warnings import site_warnings
from scenario_runner.app.sites import text_of_address
from scenario_runner.errors import (
    MOST_DIAGNOSTICS,
    Diagnostic,
    InvalidInput,
    NothingSelected,
    in_file_order,
)
from scenario_runner.language.discretion import discreet
from scenario_runner.language.document import Document
from scenario_runner.language.document_kinds import (
    LIBRARY,
    OVERLAY,
    SCENARIO,
    SITE,
    STEPS,
    input_files,
    kind_problem,
)
from scenario_runner.language.entries import SECTIONS
from scenario_runner.language.lint import lint
from scenario_runner.language.loader import load_document, parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.scenario_base import with_base
from scenario_runner.language.site import LoadedSite, default_site, read_site_for_validation
from scenario_runner.language.step_list_names import step_list_findings
from scenario_runner.language.template_limits import one_file
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import check_library
from scenario_runner.libraries.overlay import Overlay, overlay_of
from scenario_runner.origins import path_of
from scenario_runner.planning.sources import Inputs
from scenario_runner.plugins import Plugins

_PLANNED = frozenset({"", "schema", "name", "vars", "matrix", "rows"})
"""What patients are planned from, at the top of a scenario; the file as a whole, too."""
_ANYBODY = "{schema: scenario/v1, name: anybody, patients: [{studies: [{modality: OT}]}]}"
_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Nothing that is found depends on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file is held against."""

    plugins: Plugins
    site: LoadedSite
    sources: Sources
    libraries: Libraries
    overlay: Overlay | None = None
    """What the site makes of scenarios; None to look at them as they are."""


@dataclass(slots=True)
class Findings:
    """How many files were looked at, and what is wrong with them, in order."""

    files: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def errors(self) -> int:
        """How many of them are wrong, and not only probably not meant."""
        return sum(one.severity == "error" for one in self.diagnostics)

    @property
    def warnings(self) -> int:
        """How many of them are probably not meant."""
        return len(self.diagnostics) - self.errors


def validate(sources: Sources) -> Findings:
    """Check every scenario and site file that the paths name.

    Target names are checked when a site is given. Raises NothingSelected when there is no file, and
    InvalidInput, PluginError for the site itself.
    """
    sources = with_usual_site(sources)
    plugins = load_plugins(sources.site, text_of_address(sources.site))
    site = default_site(sources.around.folder)
    if sources.site is not None:
        site = _site(sources.site, plugins, sources.around)
    libraries = libraries_for(sources, site)
    overlay = overlay_of_site(sources.site)
    standing = Standing(plugins, site, sources, libraries, overlay)
    findings = Findings()
    made: list[Plannable] = []
    met: dict[str, None] = {}
    paths = found_paths(sources, libraries)
    looked_at: set[str] = set()
    for path, kind in input_files([*paths, *added(overlay)]):
        if kind == "" and _is_table(path):
            continue
        findings.files += 1
        looked_at.add(os.path.realpath(path))  # which takes a link that leads to itself
        try:
            findings.diagnostics += _check(path, standing, made, met)
        except InvalidInput as error:
            findings.diagnostics += error.diagnostics
    if site.document is not None and os.path.realpath(site.document.file) not in looked_at:
        findings.diagnostics += site_warnings(site, plugins)
    if not findings.files:
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(f"no YAML file in {names}")
    if not findings.errors:
        documents = [one.scenario.document for one in made]
        given = {name for one in documents for name in declared(one, sources.overrides)}
        require_declared(sources.overrides.keys() - given, documents)
        findings.diagnostics += unmet(overlay, met, paths, libraries)
        try:
            require_selected(made, overlay)
        except InvalidInput as error:
            findings.diagnostics += error.diagnostics
    findings.diagnostics = discreet(findings.diagnostics, site.secrets)
    return findings


def _site(path: Path, plugins: Plugins, around: Surroundings) -> LoadedSite:
    text = text_of_address(path)
    return require_embedded(read_site_for_validation(path, plugins, around.environ, text))


def _is_table(path: Path) -> bool:
    """Whether a file that does not say what it is holds a list, as rows and patients do: no file of the language."""
    try:
        return isinstance(load_document(path).data, list)
    except InvalidInput:
        return False


@one_file()
def _check(
    path: Path, standing: Standing, made: list[Plannable], met: dict[str, None]
) -> list[Diagnostic]:
    """What is wrong with one file.

    made: where the plan of a sound scenario is put. met: where its name is, sound or not.
    """
    document = load_document(path)
    if kind_problem(document, (SCENARIO,)) is None:
        met.setdefault(name_of(with_base(document, standing.libraries)))
    return _findings(document, standing, made)


@one_file()
def any_document(document: Document, standing: Standing) -> list[Diagnostic]:
    """What is wrong with a file that is read already, of whatever kind, and what it is warned of."""
    return _findings(document, standing, [])


def _findings(document: Document, standing: Standing, made: list[Plannable]) -> list[Diagnostic]:
    if problem := kind_problem(document):
        return [problem]
    before = len(made)
    try:
        found = _errors(document, standing, made)
    except InvalidInput as error:
        found = list(error.diagnostics)
    whole = made[before].scenario.document if len(made) > before else None
    return _with_warnings(found, document, standing.plugins, whole, standing.site)


def _errors(document: Document, standing: Standing, made: list[Plannable]) -> list[Diagnostic]:
    """What is wrong with a file that says what it is. Raises InvalidInput with diagnostics, too."""
    if document.data["schema"] == SITE:
        path = Path(document.file)
        known = load_plugins(path, document.text, standing.plugins)
        environ = standing.sources.around.environ
        read = read_site_for_validation(path, known, environ, document.text)
        places_of_site(require_embedded(read))
        return _rules(read, known) if "identifiers" in document.data else []
    if document.data["schema"] == LIBRARY:
        return standing.libraries.unmet(check_library(document), document)
    if document.data["schema"] == OVERLAY:
        require_sound(overlay_of(document))
        return []
    if document.data["schema"] == STEPS:
        return list(step_list_findings(document, standing.plugins, standing.libraries))
    return _check_scenario(document, standing, made, Inputs(asks=False))


def _rules(site: LoadedSite, plugins: Plugins) -> list[Diagnostic]:
    """What is wrong with a site's rules for identifiers, which anybody meets who says none of their own."""
    scenario = check_scenario(parse_document(_ANYBODY, "anybody"), plugins)
    moment = Moment(run_id="validate", seed=0, forced=True, now=_NOW, inputs=Inputs(asks=False))
    try:
        found = diagnostics(prepare_all(Loaded(plugins, site, (scenario,)), (scenario,), moment))
    except InvalidInput as error:
        found = list(error.diagnostics)
    return [one for one in found if path_of(one.where.path)[:1] == ("identifiers",)]


@one_file()
def validate_document(
    document: Document, plugins: Plugins, site: LoadedSite, sources: Sources, inputs: Inputs
) -> list[Diagnostic]:
    """What is wrong with a scenario that is read already, and what it is warned of.

    inputs: what its sources are given.
    """
    if problem := kind_problem(document, (SCENARIO, SITE)):
        return [problem]
    standing = Standing(plugins, site, sources, libraries_for(sources, site))
    made: list[Plannable] = []
    try:
        found = _check_scenario(document, standing, made, inputs)
    except InvalidInput as error:
        found = list(error.diagnostics)
    whole = made[0].scenario.document if made else None
    return discreet(_with_warnings(found, document, plugins, whole, site), site.secrets)


def _with_warnings(
    found: list[Diagnostic],
    document: Document,
    plugins: Plugins,
    whole: Document | None,
    site: LoadedSite,
) -> list[Diagnostic]:
    """What is wrong; where nothing is, what is probably not meant: errors hide what is used and reached."""
    if any(one.severity == "error" for one in found):
        return found
    return [*found, *lint(document, plugins, whole, site.site.targets)]


def _check_scenario(
    document: Document, standing: Standing, made: list[Plannable], inputs: Inputs
) -> list[Diagnostic]:
    plugins, site, lists = standing.plugins, standing.site, standing.libraries
    known = with_base(document, lists)
    taken = is_taken(known, standing.overlay)
    overlay = standing.overlay if taken else None
    overrides = {
        **overrides_of(overlay, known),
        **declared(known, standing.sources.overrides),
    }
    moment = Moment(run_id="validate", seed=0, forced=True, now=_NOW, inputs=inputs)
    held_against = standing.sources.site is not None and taken and is_run(known, overlay, None)
    judged = site if held_against else None

    def planned(read: Document) -> list[Plannable]:
        scenario = check_scenario(
            read, plugins, site=judged, overrides=overrides, lists=lists, read=inputs.content
        )
        scenario = scenario if overlay is None else overlay.applied(scenario)
        return prepare_all(Loaded(plugins, site, (scenario,)), (scenario,), moment)

    try:
        found = planned(document)
    except InvalidInput as error:
        told = [*error.diagnostics, *_beside(document, error.diagnostics, planned)]
        raise InvalidInput(in_file_order(told)[:MOST_DIAGNOSTICS]) from None
    made += found
    return diagnostics(found)


def _beside(
    document: Document,
    told: Sequence[Diagnostic],
    planned: Callable[[Document], list[Plannable]],
) -> list[Diagnostic]:
    """What the plan says is wrong with the patients, whatever else is, and whatever the steps do with them."""
    wrong = {path_of(one.where.path) for one in told if one.where.file == document.file}
    tops = {path[0] if path else "" for path in wrong}
    if not tops.isdisjoint(_PLANNED) or "scenario" in document.data:
        return []
    left = document.without({*wrong, *((key,) for key in SECTIONS)})
    try:
        found = diagnostics(planned(left))
    except InvalidInput as error:
        found = list(error.diagnostics)
    # What was taken out is missed where it was: that is no further mistake.
    missed = {path[:length] for path in wrong for length in range(1, len(path) + 1)}
    return [one for one in found if path_of(one.where.path) not in missed]
