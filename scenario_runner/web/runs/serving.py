"""Runs of a service, put together: how their processes are begun, and by what they are known when they come back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scenario_runner.app.folder import new_run_id
from scenario_runner.app.load import Surroundings
from scenario_runner.app.picked_studies import clear_up
from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.app.signing import KEY_PASSWORD
from scenario_runner.database.location import DatabaseUrl, Location
from scenario_runner.pacs.dicomweb.app import PREFIX as DICOMWEB
from scenario_runner.registry.location import VARIABLE
from scenario_runner.service.errors import NotLoggedIn
from scenario_runner.service.permissions import Arrival, Caller, Role
from scenario_runner.service.runs.keys import PREFIX as RUN_KEY
from scenario_runner.service.runs.keys import VARIABLE as KEY_VARIABLE
from scenario_runner.service.runs.runs import Runs, RunsOptions
from scenario_runner.service.scenarios.library import Library

if TYPE_CHECKING:
    from scenario_runner.app.served_site import ServedSite
    from scenario_runner.service.service import Service

_SITE: Final = "FABRICATE_SITE"


def runs_of(
    data: Path, location: Location, environ: Mapping[str, str], at_once: int, service: Service
) -> Runs:
    """The runs of a data folder; counters and patients of theirs are in the service's database.

    environ: what their processes have of variables, but for those that say what each is told by itself.
    """
    where = location.url if isinstance(location, DatabaseUrl) else location
    if isinstance(where, Path):
        where = where.resolve()
    environment = {**environ, VARIABLE: str(where), "PYTHONUTF8": "1", "NO_COLOR": "1"}
    for name in (_SITE, KEY_PASSWORD):  # a scenario signs nothing
        environment.pop(name, None)
    options = RunsOptions(new_id=new_run_id, environment=environment, at_once=at_once)
    return Runs(data, service.database, options)


def bearer_of(runs: Runs, others: Callable[[str], Caller] | None) -> Callable[[str], Caller] | None:
    """Whose bearer token it is: of a run that goes on, which does as a technician does, or of whom ``others`` knows."""

    def caller(token: str) -> Caller:
        if token.startswith(RUN_KEY):
            run = runs.holder(token)
            if run is None:
                raise NotLoggedIn("login-over", "this key is of no run that goes on")
            return Caller(f"run {run}", frozenset({Role.TECHNICIAN}), Arrival.RUN_KEY)
        if others is None:
            raise NotLoggedIn("login-over", "no tokens of other houses are taken here")
        return others(token)

    return caller


def archive_site(data: Path, origin: str) -> Path:
    """A site file that names the service's own archive: as ``pacs``, by DICOMweb. Raises OSError."""
    target = {
        "environment": "test",
        "dicomweb": {
            "url": f"{origin}{DICOMWEB}",
            "auth": {"bearer": f"{{{{ env.{KEY_VARIABLE} }}}}"},
        },
    }
    file = data / "archive.site.yaml"
    site = {"schema": "site/v1", "name": "archive", "targets": {"pacs": target}}
    file.write_text(json.dumps(site, indent=1) + "\n", encoding="utf-8")
    return file


def served_runs(
    data: Path,
    location: Location,
    sites: ServedSite,
    around: Surroundings,
    service: Service,
    runs: Runs,
) -> ServedRuns:
    """What the endpoints and pages of runs work with. Clears up after those whose runs were never asked for."""
    clear_up(data, runs)
    return ServedRuns(
        runs=runs,
        library=Library(data),
        trail=service.trail,
        registry=location,
        sites=sites,
        # Of a run only its own process has the key; to judge a scenario any will do.
        around=replace(around, environ={**around.environ, KEY_VARIABLE: "of each run"}),
    )
