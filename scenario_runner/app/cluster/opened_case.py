"""A case at a worker: its plan made again, its targets open, its events told to the client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from scenario_runner.app.services import Ends, now, services_for, targets_of
from scenario_runner.app.targets import OpenTargets
from scenario_runner.engine.bus import EventBus
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.redaction import Redactor

if TYPE_CHECKING:
    from scenario_runner.app.cluster.request import Replayed
    from scenario_runner.app.cluster.telling import Telling
    from scenario_runner.engine.services import Control, Job, Services


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """What a worker has of a case."""

    run: Replayed
    job: Job
    ends: Ends
    names: Sequence[str]
    """Of the targets that it uses."""

    @property
    def trusted(self) -> Mapping[str, bool]:
        """By target whether what it was sent earlier is there still."""
        return {name: self.ends.targets.lasting(name) for name in self.names}

    @property
    def services(self) -> Services:
        """What the engine works with."""
        return services_for(self.run.loaded, self.run.plans, self.run.kept.moment, self.ends)


@contextmanager
def opened_case(
    run: Replayed, case: str, telling: Telling, control: Control
) -> Iterator[OpenedCase]:
    """Within, its targets are open. Raises what kept an event from being told, at the end."""
    job = replace(run.job(case), offering=telling.about)
    redactor = Redactor(run.loaded.site.secrets)
    bus = EventBus(telling, (), redactor, now, control.thrown)
    names = targets_of(run.loaded, [job.scenario], allow_production=True)  # the client has asked
    with redactor.guarding():
        targets = OpenTargets(
            run.loaded, names, log_pdus=run.settings.log_pdus, learned=redactor.learn
        )
        with targets:
            ends = Ends(telling.folder, bus, redactor, targets)
            yield OpenedCase(run, job, ends, names)
    bus.require_all()
