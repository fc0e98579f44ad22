"""What Python programs call: ``from scenario_runner import load, plan, run``.

Each takes the paths that the command takes, and its options by name; nothing is printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scenario_runner.app.library_places import library_places
from scenario_runner.app.load import Loaded, Sources, Surroundings
from scenario_runner.app.load import load as load_sources
from scenario_runner.app.plan import PlanRequest, preview
from scenario_runner.app.plans import Plans
from scenario_runner.app.run import RunRequest, RunResult
from scenario_runner.app.run import run as run_request
from scenario_runner.app.shipped_scenarios import shipped_by_name
from scenario_runner.app.sites import site_path
from scenario_runner.engine.services import Control
from scenario_runner.events import EventHandler
from scenario_runner.registry.location import registry_location

Paths = str | Path


def load(
    *paths: Paths,
    site: Paths | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - what the option is called
    tag: str | None = None,
    libraries: Sequence[Paths] = (),
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Read and check scenarios; nothing is planned. Raises InvalidInput with all that is wrong, UsageError.

    site: a file or a name. set: values of variables. environ: what ``{{ env.NAME }}`` of a site file sees;
    nothing by default.
    """
    return load_sources(_sources(paths, site, set, tag, libraries, environ))


def plan(
    *paths: Paths,
    site: Paths | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002
    tag: str | None = None,
    libraries: Sequence[Paths] = (),
    environ: Mapping[str, str] | None = None,
    seed: int | None = None,
    registry: Paths = ":memory:",
) -> Plans:
    """What a run would make: ``plans.jobs`` has a case each; of a load of cases one more before them, which judges it. Nothing is sent and no counter moves.

    Raises InvalidInput, UsageError, NothingSelected, MachineError.
    """
    sources = _sources(paths, site, set, tag, libraries, environ)
    where = registry_location(str(registry), {})
    return preview(PlanRequest(sources=sources, registry=where, seed=seed))


def run(
    *paths: Paths,
    site: Paths | None = None,
    set: Mapping[str, Any] | None = None,  # noqa: A002
    tag: str | None = None,
    libraries: Sequence[Paths] = (),
    environ: Mapping[str, str] | None = None,
    seed: int | None = None,
    registry: Paths = ":memory:",
    out: Paths | None = None,
    cases: Sequence[str] | None = None,
    allow_production: bool = False,
    handlers: Sequence[EventHandler] = (),
) -> RunResult:
    """Run scenarios and leave evidence in ``out``, by default ``runs/RUN_ID``.

    The result has ``outcome``, ``exit_code``, ``folder`` and ``record``, which is what ``run.json`` says. cases:
    ids of the cases to run alone. handlers: are given each event as it happens. Raises FabricatorError for what
    stops a run before it begins; what happens in it is in the result.
    """
    request = RunRequest(
        sources=_sources(paths, site, set, tag, libraries, environ),
        registry=registry_location(str(registry), {}),
        out=None if out is None else Path(out),
        seed=seed,
        allow_production=allow_production,
        only=None if cases is None else frozenset(cases),
        command=["scenario_runner.run", *map(str, paths)],
    )
    return run_request(request, list(handlers), Control())


def _sources(
    paths: Sequence[Paths],
    site: Paths | None,
    overrides: Mapping[str, Any] | None,
    tag: str | None,
    libraries: Sequence[Paths],
    environ: Mapping[str, str] | None,
) -> Sources:
    return Sources(
        paths=[_found(Path(path)) for path in paths],
        site=None if site is None else site_path(str(site), [Path()]),
        overrides=dict(overrides or {}),
        tag=tag,
        libraries=library_places(((str(one), None) for one in libraries), Path()),
        around=Surroundings(environ or {}, Path()),
    )


def _found(path: Path) -> Path:
    """A path as it is; a name that is no file, among the scenarios that ship."""
    if not path.exists() and len(path.parts) == 1 and not path.suffix:
        return shipped_by_name(path.name) or path
    return path
