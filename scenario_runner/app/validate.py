"""What ``fabricate validate`` does: find everything that is wrong, run nothing."""

from __future__ import annotations

import datetime as dt
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
from scenario_runner.app.plans import Moment, Plannable, diagnostics, prepare_all, require_selected
from scenario_runner.app.sites import text_of_address
from scenario_runner.errors import (
    MOST_DIAGNOSTICS,
    Diagnostic,
    InvalidInput,
    NothingSelected,
    in_file_order,
)
from scenario_runner.language.document import Document, path_of
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
from scenario_runner.language.loader import load_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.language.scenario_base import with_base
from scenario_runner.language.site import LoadedSite, default_site, read_site_for_validation
from scenario_runner.language.step_list_names import step_list_findings
from scenario_runner.language.template_limits import one_file
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.library import check_library
from scenario_runner.libraries.overlay import overlay_of
from scenario_runner.planning.sources import Inputs
from scenario_runner.plugins import Plugins

_PLANNED = frozenset({"", "schema", "name", "vars", "matrix", "rows"})
"""What patients are planned from, at the top of a scenario; the file as a whole, too."""
_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""Nothing that is found depends on it."""


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
    findings = Findings()
    made: list[Plannable] = []
    for path, _ in input_files(found_paths(sources, libraries)):
        findings.files += 1
        try:
            findings.diagnostics += _check(path, plugins, site, sources, libraries, made)
        except InvalidInput as error:
            findings.diagnostics += error.diagnostics
    if not findings.files:
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(f"no YAML file in {names}")
    if not findings.errors:
        documents = [one.scenario.document for one in made]
        given = {name for one in documents for name in declared(one, sources.overrides)}
        require_declared(sources.overrides.keys() - given, documents)
        require_selected(made)
    return findings


def _site(path: Path, plugins: Plugins, around: Surroundings) -> LoadedSite:
    text = text_of_address(path)
    return require_embedded(read_site_for_validation(path, plugins, around.environ, text))


@one_file()
def _check(
    path: Path,
    plugins: Plugins,
    site: LoadedSite,
    sources: Sources,
    libraries: Libraries,
    made: list[Plannable],
) -> list[Diagnostic]:
    """What is wrong with one file. made: where the plan of a sound scenario is put."""
    return _findings(load_document(path), plugins, site, sources, libraries, made)


@one_file()
def any_document(
    document: Document, plugins: Plugins, site: LoadedSite, sources: Sources, libraries: Libraries
) -> list[Diagnostic]:
    """What is wrong with a file that is read already, of whatever kind, and what it is warned of."""
    return _findings(document, plugins, site, sources, libraries, [])


def _findings(
    document: Document,
    plugins: Plugins,
    site: LoadedSite,
    sources: Sources,
    libraries: Libraries,
    made: list[Plannable],
) -> list[Diagnostic]:
    if problem := kind_problem(document):
        return [problem]
    before = len(made)
    try:
        found = _errors(document, plugins, site, sources, libraries, made)
    except InvalidInput as error:
        found = list(error.diagnostics)
    whole = made[before].scenario.document if len(made) > before else None
    return _with_warnings(found, document, plugins, whole)


def _errors(
    document: Document,
    plugins: Plugins,
    site: LoadedSite,
    sources: Sources,
    libraries: Libraries,
    made: list[Plannable],
) -> list[Diagnostic]:
    """What is wrong with a file that says what it is. Raises InvalidInput with diagnostics, too."""
    if document.data["schema"] == SITE:
        path = Path(document.file)
        known = load_plugins(path, document.text)
        read = read_site_for_validation(path, known, sources.around.environ, document.text)
        places_of_site(require_embedded(read))
        return []
    if document.data["schema"] == LIBRARY:
        check_library(document)
        return []
    if document.data["schema"] == OVERLAY:
        overlay_of(document).added()
        return []
    if document.data["schema"] == STEPS:
        return list(step_list_findings(document, plugins, libraries))
    inputs = Inputs(asks=False)
    return _check_scenario(document, plugins, site, sources, libraries, made, inputs)


@one_file()
def validate_document(
    document: Document, plugins: Plugins, site: LoadedSite, sources: Sources, inputs: Inputs
) -> list[Diagnostic]:
    """What is wrong with a scenario that is read already, and what it is warned of.

    inputs: what its sources are given.
    """
    if problem := kind_problem(document, (SCENARIO, SITE)):
        return [problem]
    libraries = libraries_for(sources, site)
    made: list[Plannable] = []
    try:
        found = _check_scenario(document, plugins, site, sources, libraries, made, inputs)
    except InvalidInput as error:
        found = list(error.diagnostics)
    return _with_warnings(found, document, plugins, made[0].scenario.document if made else None)


def _with_warnings(
    found: list[Diagnostic], document: Document, plugins: Plugins, whole: Document | None
) -> list[Diagnostic]:
    """What is wrong; where nothing is, what is probably not meant: errors hide what is used and reached."""
    if any(one.severity == "error" for one in found):
        return found
    return [*found, *lint(document, plugins, whole)]


def _check_scenario(
    document: Document,
    plugins: Plugins,
    site: LoadedSite,
    sources: Sources,
    libraries: Libraries,
    made: list[Plannable],
    inputs: Inputs,
) -> list[Diagnostic]:
    overrides = declared(with_base(document, libraries), sources.overrides)
    moment = Moment(run_id="validate", seed=0, forced=True, now=_NOW, inputs=inputs)
    judged = site if sources.site is not None else None

    def planned(read: Document) -> list[Plannable]:
        scenario = check_scenario(
            read, plugins, site=judged, overrides=overrides, lists=libraries, read=inputs.content
        )
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
