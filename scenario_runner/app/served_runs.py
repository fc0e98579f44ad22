"""Runs and scenarios of a server, with what it takes to judge them: sites, plugins, who may what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from scenario_runner.app.assignments import assigned
from scenario_runner.app.harmless import (
    require_files_inside,
    require_files_named,
    require_no_plugins,
)
from scenario_runner.app.load import Surroundings
from scenario_runner.app.scenario_texts import (
    Draft,
    diagnostics_of,
    loaded,
)
from scenario_runner.app.select import guard_production, matches, targets_used
from scenario_runner.app.shipped_scenarios import (
    SHIPPED,
    Runnable,
    scenarios_in,
    shipped_by_name,
    shipped_scenarios,
)
from scenario_runner.errors import Diagnostic, InvalidInput, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.errors import Conflicting, Unacceptable
from scenario_runner.service.runs.asked import SCENARIO, Asked, Manner, require_sendable
from scenario_runner.service.scenarios.library import NEW, Kept, Library, unknown, version_of

if TYPE_CHECKING:
    from scenario_runner.app.served_site import ServedSite
    from scenario_runner.registry.location import Location
    from scenario_runner.service.asking import Asking
    from scenario_runner.service.audit.trail import Trail
    from scenario_runner.service.runs.records import Run
    from scenario_runner.service.runs.runs import Runs

OWN: Final = "own"
ARCHIVE: Final = "archive"
"""Instead of a site: the archive of the server itself."""
EMBEDDED: Final = "embedded"
"""Instead of a site: the embedded PACS of each run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Manner):
    """A run as somebody asks for it. scenario: the name of one that is kept here; or its text.

    site: ``embedded``, ``archive``, or None for the server's.
    """

    scenario: str | None = None
    text: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    site: Literal["embedded", "archive"] | None = None
    site_file: Path | None = None
    """A site file that was written for this run, instead."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A scenario that can be run by its name. source: ``shipped`` or ``own``."""

    name: str
    source: str
    path: Path
    text: str
    version: str


@dataclass(slots=True)
class ServedRuns:
    """All of it for one server.

    sites: where the file is that names its PACS; archive_site: one that names its own archive.
    """

    runs: Runs
    library: Library
    trail: Trail
    registry: Location
    sites: ServedSite
    archive_site: Path | None = None
    around: Surroundings = field(default_factory=Surroundings)

    @property
    def site(self) -> Path | None:
        """The file that names its PACS as it is now, where there is one."""
        return self.sites.file

    # --- scenarios ------------------------------------------------------------------------------

    def listed(self) -> Iterator[Runnable]:
        """Own scenarios, then those that ship, each by the name it is run by."""
        for name in self.library.names():
            path = self.library.path(name)
            found = next(iter(scenarios_in(path)), None)
            title, tags = (found.title, found.tags) if found is not None else ("", ())
            yield Runnable(name, title, tags, str(path), OWN)
        for one in shipped_scenarios():
            yield replace(one, name=Path(one.path).stem, source=SHIPPED)

    def stored(self, name: str) -> Stored:
        """One by its name. Raises NotThere."""
        if name in self.library.names():
            kept = self.library.get(name)
            return Stored(name, OWN, kept.path, kept.text, kept.version)
        self.library.path(name)
        path = shipped_by_name(name)
        if path is None:
            raise unknown(name)
        data = path.read_bytes()
        return Stored(name, SHIPPED, path, data.decode(), version_of(data))

    def save(self, asking: Asking, name: str, text: str, version: str | None) -> Kept:
        """Keep a scenario, right or not: an editor saves what is half done. It is judged again before it runs.

        Raises NotAllowed, and what ``Library.save`` raises; Conflicting for the name of one that ships.
        """
        if shipped_by_name(name) is not None and name not in self.library.names():
            raise Conflicting(
                "name-ships",
                f"a scenario that ships is called '{name}'",
                hint="choose another name",
            )
        draft = Draft(file=self.library.path(name), text=text, site=self.site, around=self.around)
        require_files_inside(asking.caller, draft)
        require_no_plugins(asking.caller, draft)
        kept = self.library.save(name, text, version)
        detail = {"scenario": name, "version": kept.version, "new": version == NEW}
        self.trail.record(
            asking.caller, Activity.SCENARIO_SAVED, None, asking.from_where, detail=detail
        )
        return kept

    def remove(self, asking: Asking, name: str, version: str | None) -> None:
        """Take an own scenario away. Raises what ``Library.remove`` raises."""
        self.library.remove(name, version)
        detail = {"scenario": name, "removed": True}
        self.trail.record(
            asking.caller, Activity.SCENARIO_SAVED, None, asking.from_where, detail=detail
        )

    def draft(self, wish: Wish) -> Draft:
        """What is to be looked at or run. Raises NotThere, UsageError for what ``set`` says wrongly."""
        if (wish.scenario is None) == (wish.text is None):
            raise Unacceptable(
                "scenario-or-text", "give either the name of a scenario, or its text"
            )
        require_sendable(wish.text or "", wish.files)
        # A folder that is never there: what a text names beside itself is sent with it.
        file, text = self.library.folder.with_name("drafts") / SCENARIO, wish.text
        if wish.scenario is not None:
            found = self.stored(wish.scenario)
            file, text = found.path, None
        return Draft(
            file=file,
            text=text,
            files=wish.files,
            site=wish.site_file or self.site_of(wish.site),
            overrides={name: assigned(name, value) for name, value in wish.set.items()},
            around=self.around,
        )

    def readable(self, asking: Asking, wish: Wish) -> Draft:
        """What is to be looked at, where that reads no file that whoever asks may not.

        Raises NotAllowed, and what ``draft`` raises.
        """
        draft = self.draft(wish)
        if wish.text is not None:
            require_files_inside(asking.caller, draft)
        elif wish.set:
            require_files_named(asking.caller, draft)
        return draft

    def permitted(self, asking: Asking, wish: Wish) -> Draft:
        """What is to be planned or run by whoever asks. Raises what ``readable`` raises."""
        draft = self.readable(asking, wish)
        if wish.text is not None:
            require_no_plugins(asking.caller, draft)
        return draft

    def site_of(self, named: Literal["embedded", "archive"] | None) -> Path | None:
        """The site file of a wish; None for an embedded PACS. Raises Conflicting where there is no own archive."""
        if named == ARCHIVE:
            if self.archive_site is None:
                raise Conflicting(
                    "no-archive",
                    "this server keeps studies on a PACS of its site file, not by itself",
                )
            return self.archive_site
        return None if named == EMBEDDED else self.site

    # --- runs -----------------------------------------------------------------------------------

    def asked(self, asking: Asking, wish: Wish) -> Asked:
        """A wish that can be carried out, and may be by whoever asks.

        Raises Unacceptable with each diagnostic of a scenario that is wrong, NotAllowed, UsageError for a target that
        may be production and for tags that do not fit.
        """
        draft = self.permitted(asking, wish)
        found = [one for one in diagnostics_of(draft) if is_error(one)]
        if found:
            raise wrong(found)
        try:
            all_loaded = loaded(draft)
        except InvalidInput as error:
            raise wrong(error.diagnostics) from error
        scenario = all_loaded.scenarios[0]
        if wish.tag is not None and not matches(wish.tag, scenario.header.tags):
            raise UsageError(f"the scenario's tags do not fit '{wish.tag}'")
        used = targets_used(all_loaded.scenarios, all_loaded.plugins, all_loaded.site.site)
        guard_production(used, all_loaded.site.site, allowed=wish.allow_production)
        return Asked(
            name=wish.scenario or scenario.header.name,
            title=scenario.header.title or "",
            path=None if wish.text is not None else str(draft.file.resolve()),
            text=wish.text or "",
            files=dict(wish.files),
            site=None if draft.site is None else str(draft.site.resolve()),
            **wish.manner(),
        )

    def ask(self, asking: Asking, wish: Wish) -> Run:
        """Put it into the queue. Raises what ``asked`` raises."""
        return self.runs.ask(asking, self.asked(asking, wish))


def is_error(one: Diagnostic) -> bool:
    """Whether a run is not possible with it."""
    return one.severity == "error"


def wrong(diagnostics: Iterable[Diagnostic]) -> Unacceptable:
    """A scenario that cannot be run, and each thing that is wrong with it."""
    found = list(diagnostics)
    first = found[0]
    return Unacceptable(
        "invalid-scenario",
        f"{Path(first.where.file).name}:{first.where.line}: {first.message}",
        hint=first.hint,
        errors=[{"where": f"line {one.where.line}", **as_json(one)} for one in found],
    )


def as_json(one: Diagnostic) -> dict[str, Any]:
    """As ``fabricate validate --format json`` tells it, with the name of the file alone."""
    where = one.where
    return {
        "code": one.code,
        "severity": one.severity,
        "file": Path(where.file).name,
        "line": where.line,
        "column": where.column,
        "end_line": where.end_line,
        "end_column": where.end_column,
        "path": where.path,
        "message": one.message,
        "hint": one.hint,
    }
