"""From paths on a command line to plugins, a site and checked scenarios."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenario_runner.app.embedded import require_embedded
from scenario_runner.app.library_places import places_of_site
from scenario_runner.app.overlays import (
    added,
    is_run,
    is_taken,
    name_of,
    overlay_of_site,
    overrides_of,
    require_taken,
    tags_of,
    unmet,
)
from scenario_runner.app.shipped_scenarios import shipped_scenarios
from scenario_runner.app.sites import site_path, text_of_address
from scenario_runner.app.work_settings import WorkSettings, work_settings
from scenario_runner.errors import Diagnostic, InvalidInput, NothingSelected, UsageError
from scenario_runner.fields.scalars import AXIS_OF
from scenario_runner.language.axes import axes_of
from scenario_runner.language.diagnostic_words import did_you_mean
from scenario_runner.language.discretion import discreet
from scenario_runner.language.document import Document
from scenario_runner.language.document_kinds import scenario_files
from scenario_runner.language.loader import load_document
from scenario_runner.language.overriding import variable_in
from scenario_runner.language.scenario import Scenario, check_scenario
from scenario_runner.language.scenario_base import with_base
from scenario_runner.language.site import LoadedSite, default_site, plugin_folders, read_site
from scenario_runner.language.step_lists import ReferenceProblem
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.libraries.archive import SUFFIX
from scenario_runner.libraries.finding import Libraries
from scenario_runner.libraries.git_source import GitSource, secrets_of
from scenario_runner.libraries.library import Library
from scenario_runner.libraries.locking import Locks
from scenario_runner.libraries.overlay import Overlay
from scenario_runner.libraries.places import BESIDE, Places
from scenario_runner.libraries.ranges import RangeError, parse_range
from scenario_runner.libraries.references import Reference
from scenario_runner.libraries.shipped import shipped_libraries
from scenario_runner.plugins import Plugins

if TYPE_CHECKING:
    from scenario_runner.libraries.git_cache import GitCache


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
    libraries: Sequence[Path | GitSource] = ()
    """Where libraries are looked for, before any other: folders, archives, repositories."""
    around: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything read and checked, nothing planned yet."""

    plugins: Plugins
    site: LoadedSite
    scenarios: tuple[Scenario, ...]
    libraries: Libraries | None = None
    """Where the scenarios' step lists were found."""
    overlay: Overlay | None = None
    """What the site makes of them."""

    def __repr__(self) -> str:
        names = ", ".join(one.header.name for one in self.scenarios)
        return f"<Loaded: {names or 'no scenario'}; site {self.site.site.name}>"


def load_plugins(
    site: Path | None, text: str | None = None, known: Plugins | None = None
) -> Plugins:
    """The plugins that are installed and those that a site file names. text: as for ``load_site``.

    known: those of another site file, which are taken where this one names the same folders.
    """
    folders = tuple(plugin_folders(site, text)) if site is not None else ()
    return known if known is not None and known.folders == folders else Plugins(folders)


def load_site(
    path: Path | None, around: Surroundings, text: str | None = None
) -> tuple[Plugins, LoadedSite]:
    """Read a site file and load the plugins it names; without one, the embedded PACS.

    text: what the file held once, to be read instead of what it holds now. Raises InvalidInput,
    PluginError.
    """
    text = text or text_of_address(path)
    plugins = load_plugins(path, text)
    if path is None:
        return plugins, default_site(around.folder)
    return plugins, require_embedded(read_site(path, plugins, around.environ, text))


def load(sources: Sources) -> Loaded:
    """Read all files. Raises InvalidInput with the diagnostics of every file at once."""
    sources = with_usual_site(sources)
    plugins, site = load_site(sources.site, sources.around)
    libraries = libraries_for(sources, site)
    named = [*sources.libraries, *places_of_site(site), *settings_for(sources).libraries]
    site = replace(site, secrets=site.secrets | secrets_of(named))
    overlay = overlay_of_site(sources.site)
    scenarios: list[Scenario] = []
    diagnostics: list[Diagnostic] = []
    unknown = set(sources.overrides)
    met: dict[str, list[str]] = {}
    paths = with_libraries(found_paths(sources, libraries), libraries)
    for path in scenario_files([*paths, *added(overlay)]):
        try:
            document = load_document(path)
            known = with_base(document, libraries)
            met[name_of(known)] = tags_of(known)
            if not is_taken(known, overlay):
                continue
            overrides = declared(known, sources.overrides)
            unknown -= overrides.keys()
            overrides = {**overrides_of(overlay, known), **overrides}
            held_against = site if is_run(known, overlay, sources.tag) else None
            scenario = check_scenario(
                document, plugins, site=held_against, overrides=overrides, lists=libraries
            )
            scenarios.append(overlay.applied(scenario) if overlay is not None else scenario)
        except InvalidInput as error:
            diagnostics.extend(discreet(error.diagnostics, site.secrets))
    diagnostics += unmet(overlay, met, paths, libraries)
    if diagnostics:
        raise InvalidInput(diagnostics)
    if not scenarios:
        require_taken(overlay, met)
        names = ", ".join(str(path) for path in sources.paths)
        raise NothingSelected(
            f"no scenario in {names}", hint="a scenario has 'schema: scenario/v1'"
        )
    require_declared(unknown, [scenario.document for scenario in scenarios])
    return Loaded(plugins, site, tuple(scenarios), libraries, overlay)


def from_anywhere(sources: Sources) -> Sources:
    """The same, its files by names that hold in any folder."""

    def absolute(path: Path) -> Path:
        return path.absolute() if os.path.lexists(path) else path

    def anywhere(place: Path | GitSource) -> Path | GitSource:
        return absolute(place) if isinstance(place, Path) else place

    return replace(
        sources,
        paths=[absolute(Path(path)) for path in sources.paths],
        site=None if sources.site is None else absolute(sources.site),
        libraries=[anywhere(place) for place in sources.libraries],
        around=replace(sources.around, folder=sources.around.folder.absolute()),
    )


def with_usual_site(sources: Sources) -> Sources:
    """With the site that the settings name, where none is given. Raises InvalidInput, UsageError."""
    if sources.site is not None:
        return sources
    settings = settings_for(sources)
    if settings.site is None:
        return sources
    beside = settings.folder / settings.site
    named = str(beside) if beside.exists() else settings.site
    return replace(sources, site=site_path(named, [settings.folder]))


def found_paths(sources: Sources, libraries: Libraries) -> list[Path]:
    """The paths: a packed library as the folder it holds, what is not there as ``LIBRARY`` or ``LIBRARY/NAME@RANGE``.

    Raises UsageError, InvalidInput.
    """
    return [_found(Path(path), sources, libraries) for path in sources.paths]


def with_libraries(paths: Sequence[Path], libraries: Libraries) -> list[Path]:
    """The paths, a folder that holds libraries and no scenario beside them as these. Raises InvalidInput."""
    found: list[Path] = []
    for path in paths:
        bare = path.is_dir() and not scenario_files([path])
        found += [one.root for one in libraries.places.newest_in(path)] if bare else [path]
    return found


def _found(path: Path, sources: Sources, libraries: Libraries) -> Path:
    if path.suffix == SUFFIX and path.is_file():
        return libraries.places.read(path).root
    if os.path.lexists(path) or path.suffix in (".yaml", ".yml") or len(path.parts) > 2:
        return path
    here = str(sources.around.folder / "scenario.yaml")
    text = path.as_posix()
    try:
        if len(path.parts) == 2:
            return libraries.named_scenario(text, here)
        return _called(text, libraries, here).root
    except (ReferenceProblem, RangeError) as problem:
        if more := getattr(problem, "more", ()):
            raise InvalidInput(more) from None
        shipped = shipped_libraries()
        if len(path.parts) == 2 and all(
            one.root.is_relative_to(shipped) and one.name != path.parts[0]
            for one in libraries.every(here)[0]
        ):
            # Nobody has libraries here: a file was meant.
            raise UsageError(f"Path '{path}' does not exist") from None
        if len(path.parts) == 1 and getattr(problem, "code", "") == "FAB601":
            known = [one.name for one in shipped_scenarios()]
            known += (one.name for one in sources.around.folder.glob("*.y*ml"))
            raise UsageError(
                f"there is no '{path}' here, and no scenario of that name ships{did_you_mean(text, known)}",
                hint="fabricate list says which do; nor is there a library of that name",
            ) from None
        raise UsageError(str(problem), hint=getattr(problem, "hint", None)) from None


def library_at(place: Path, sources: Sources) -> Library:
    """The library of a folder or an archive, or by its name, with a range where that is wanted: ``radiology@^1``.

    Raises UsageError, InvalidInput.
    """
    _, site = load_site(sources.site, sources.around)
    libraries = libraries_for(sources, site)
    if os.path.lexists(place):
        return libraries.places.read(place)
    here = str(sources.around.folder / "scenario.yaml")
    try:
        return _called(place.as_posix(), libraries, here)
    except (ReferenceProblem, RangeError) as problem:
        if more := getattr(problem, "more", ()):
            raise InvalidInput(more) from None
        raise UsageError(str(problem), hint=getattr(problem, "hint", None)) from None


def _called(text: str, libraries: Libraries, here: str) -> Library:
    name, _, wanted = text.partition("@")
    return libraries.named(Reference(name, "", parse_range(wanted)), here)


def settings_for(sources: Sources) -> WorkSettings:
    """The settings of the work that paths belong to: beside or above the first, else the working folder.

    Raises InvalidInput.
    """
    starts = [path if path.is_dir() else path.parent for path in map(Path, sources.paths[:1])]
    return work_settings([*starts, sources.around.folder])


def libraries_for(
    sources: Sources,
    site: LoadedSite,
    prefer: Mapping[str, Sequence[str]] | None = None,
    git: GitCache | None = None,
) -> Libraries:
    """Where step lists are looked for: ``--library``, the site file, the settings; beside each file; what ships.

    prefer: versions that are taken before newer ones, whatever a lock holds. git: what repositories are fetched
    through. Raises InvalidInput.
    """
    settings = settings_for(sources)
    folders = [*sources.libraries, *places_of_site(site), *settings.libraries]
    home = None if settings.file is None else settings.folder
    last = [sources.around.folder / BESIDE]
    shipped = shipped_libraries()
    places = Places(folders, last=last, shipped=shipped, git=git, environ=sources.around.environ)
    locks = Locks(home, shipped=shipped, heeded=prefer is None)
    return Libraries(places, locks=locks, prefer=prefer)


def declared(document: Document, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the overrides that are variables of this scenario, or axes of its matrix."""
    data = document.data if isinstance(document.data, dict) else {}
    variables, axes = (
        _keys(data.get("vars")),
        [f"{AXIS_OF}{axis}" for axis in axes_of(data.get("matrix"))],
    )
    return {
        name: value
        for name, value in overrides.items()
        if name in axes or (not name.startswith(AXIS_OF) and variable_in(name)[0] in variables)
    }


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
        key
        for one in data
        for key in (_keys(one.get("vars")) if axis == name else axes_of(one.get("matrix")))
    }
    meant = axis if axis != name else variable_in(name)[0]
    near = get_close_matches(meant, sorted(known), 1)
    what = "variables" if axis == name else "axes"
    hint = f"did you mean '{near[0]}'?" if near else f"{what}: {', '.join(sorted(known)) or 'none'}"
    if axis == name:
        if any(name in axes_of(one.get("matrix")) for one in data):
            hint = f"'{name}' is an axis of a matrix: write {AXIS_OF}{name}=VALUE"
        raise UsageError(f"--set {name}: no scenario declares this variable", hint=hint)
    raise NothingSelected(f"--set {name}: no scenario has this axis in its matrix", hint=hint)
