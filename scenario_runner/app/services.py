"""What the engine is given by whoever runs cases: a command's own process, or a worker of a cluster."""

from __future__ import annotations

import datetime as dt
from collections import ChainMap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_runner.api import SiteRules
from scenario_runner.app.incoming import IncomingMessages
from scenario_runner.app.load import Loaded
from scenario_runner.app.plans import Moment, Plans
from scenario_runner.app.select import guard_production, targets_used
from scenario_runner.app.targets import OpenTargets
from scenario_runner.engine.bus import EventBus
from scenario_runner.engine.services import Factory, Services
from scenario_runner.imaging.factory import InstanceFactory, preview_png
from scenario_runner.language.scenario import Scenario
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.plugins import Plugins
from scenario_runner.redaction import Redactor
from scenario_runner.steps.load.cases import CasesUnderLoad

if TYPE_CHECKING:
    from scenario_runner.app.kept_objects import Objects


def new_factory(plugins: Plugins) -> InstanceFactory:
    """What makes the instances of a plan, for one thread."""
    return InstanceFactory(
        plugins.named("fabricate_iod_builders"),
        plugins.named("fabricate_phantoms"),
        plugins.named("fabricate_faults"),
    )


def targets_of(
    loaded: Loaded, scenarios: Sequence[Scenario], *, allow_production: bool
) -> tuple[str, ...]:
    """The targets that scenarios use. Raises UsageError for one that may be production."""
    used = targets_used(scenarios, loaded.plugins, loaded.site.site)
    return guard_production(used, loaded.site.site, allowed=allow_production)


@dataclass(frozen=True, slots=True)
class Ends:
    """Where what a process does for a run ends up: its folder, its events without secrets, its targets."""

    folder: Path
    bus: EventBus
    redactor: Redactor
    targets: OpenTargets


def services_for(
    loaded: Loaded, plans: Plans, moment: Moment, ends: Ends, objects: Objects | None = None
) -> Services:
    """What the engine works with. objects: instances that are made already."""
    plugins = loaded.plugins
    site = loaded.site.site

    def factory() -> Factory:
        made = new_factory(plugins)
        return made if objects is None else objects.factory(made)

    return Services(
        bus=ends.bus,
        redactor=ends.redactor,
        folder=ends.folder,
        # Looked up one by one, for a step is loaded by that: a dict of them would load all.
        steps=ChainMap({CasesUnderLoad.name: CasesUnderLoad}, plugins.steps()),  # type: ignore[arg-type]
        checks=plugins.checks(),
        targets=ends.targets,
        factory=factory,
        preview=lambda instance: preview_png(instance).png,
        validators=plugins.named("fabricate_validators"),
        cases=len(plans.jobs),
        names={
            "run": moment.names(moment.seed),
            "site": site.names,
        },
        clock=now,
        inbox=IncomingMessages(site, loaded.site.folder).inbox,
        rules=SiteRules(site.identifiers.hl7, site.identifiers.fhir, site.zone),
    )


def now() -> dt.datetime:
    """The time, UTC."""
    return dt.datetime.now(dt.UTC)
