"""What ``fabricate study`` does: a typical study as a scenario in memory, run like any other."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.app.destination import destination
from scenario_runner.app.folder import write_text
from scenario_runner.app.kept_objects import in_folder
from scenario_runner.app.load import Loaded, Sources, Surroundings
from scenario_runner.app.review import Review
from scenario_runner.app.run import RunRequest, RunResult, run_loaded
from scenario_runner.app.typical_studies import Wishes, scenario_text
from scenario_runner.errors import InvalidInput, UsageError
from scenario_runner.language.loader import parse_document
from scenario_runner.language.scenario import check_scenario
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.app.plans import Plans
    from scenario_runner.engine.services import Control, Factory
    from scenario_runner.events import EventHandler
    from scenario_runner.language.site import LoadedSite
    from scenario_runner.plugins import Plugins
    from scenario_runner.registry.location import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest:
    """Everything ``fabricate study`` was asked."""

    wishes: Wishes
    registry: Location
    to: str | None = None
    site: Path | None = None
    out: Path | None = None
    dicom_dir: Path | None = None
    """Where the objects are kept, too."""
    save: Path | None = None
    """Where the scenario is written."""
    allow_production: bool = False
    command: Sequence[str] = ()
    around: Surroundings = field(default_factory=Surroundings)


def study(
    request: StudyRequest,
    handlers: Sequence[EventHandler],
    control: Control,
    ask: Callable[[Plans, Factory], bool] | None = None,
) -> RunResult:
    """Make the scenario, write it where that is wanted, and run it.

    ask: as of ``Review``. Raises FabricatorError; UsageError for what an option said wrongly.
    """
    plugins, site, target = destination(request.to, request.site, request.around)
    wishes = request.wishes
    if wishes.patient is not None and not wishes.patient.strip():
        raise UsageError("--patient is empty", hint="leave it out to have the next ID")
    if request.save is not None and wishes.seed is None:
        wishes = replace(wishes, seed=secrets.randbits(32))
    text = typical_scenario(wishes, plugins, site, target, request.registry)
    file = str(request.save or f"{wishes.kind.lower()}_study.yaml")
    objects = None if request.dicom_dir is None else in_folder(request.dicom_dir)
    if request.save is not None:
        save_scenario(request.save, text)
    try:
        scenario = check_scenario(parse_document(text, file), plugins, site=site)
        run = run_of(request, wishes.seed)
        loaded = Loaded(plugins, site, (scenario,))
        return run_loaded(loaded, run, handlers, control, Review(ask=ask, objects=objects))
    except InvalidInput as error:
        if request.save is not None:
            request.save.unlink(missing_ok=True)  # what is not valid is nothing to start from
        raise _by_option(error, file) from error


def typical_scenario(
    wishes: Wishes, plugins: Plugins, site: LoadedSite, target: str, registry: Location
) -> str:
    """The scenario of a typical study that goes to a target. Raises UsageError for an unknown kind, MachineError."""
    builders = plugins.named("fabricate_iod_builders")
    modalities = {key: builder.defaults for key, builder in builders.items()}
    known = (
        wishes.patient is not None
        and "registry" in plugins.named("fabricate_sources")
        and _is_known(wishes.patient, registry)
    )
    today = dt.datetime.now(dt.UTC).astimezone(site.site.zone).date()
    pattern = site.site.identifiers.accession
    wishes = replace(wishes, target=target, known=known, site_accession=pattern)
    return scenario_text(wishes, modalities, today)


def run_of(request: StudyRequest, seed: int | None) -> RunRequest:
    """What a run of the scenario in memory is asked."""
    return RunRequest(
        sources=Sources(paths=(), site=request.site, around=request.around),
        registry=request.registry,
        out=request.out,
        seed=seed,
        allow_production=request.allow_production,
        command=request.command,
    )


def save_scenario(path: Path, text: str) -> None:
    """Write a scenario where nothing is yet. Raises UsageError, MachineError."""
    if path.exists():
        raise UsageError(f"'{path}' exists already", hint="choose another name with --save")
    write_text(path, text)


def _is_known(patient: str, registry: Location) -> bool:
    """Whether the registry has somebody by that ID. Raises MachineError."""
    if registry == ":memory:":
        return False
    # Only here: a study of somebody new loads no database.
    from scenario_runner.database.engine import Database
    from scenario_runner.registry.known import by_id

    with Database(registry) as database, database.reading() as connection:
        return connection is not None and bool(by_id(connection, patient, None))


_OPTIONS = {
    "patients[0].id": "--patient",
    "patients[0].name": "--name",
    "patients[0].studies[0].accession": "--accession",
    "patients": "--studies, --series, --images",
}
"""What stands at a place of the scenario, by the option that put it there; the nearest first."""


def _by_option(error: InvalidInput, file: str) -> InvalidInput | UsageError:
    """What is wrong with the scenario in the words of the command line; of a site file, as it is."""
    first = error.diagnostics[0]
    if first.where.file != file:
        return error
    option = next(
        (name for path, name in _OPTIONS.items() if first.where.path.startswith(path)), "study"
    )
    return UsageError(f"{option}: {first.message}", hint=first.hint)
