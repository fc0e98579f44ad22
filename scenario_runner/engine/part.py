"""A part of one step of a case, done by another process than the one that has the case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scenario_runner.api import Deadline
from scenario_runner.engine.context import AttemptContext
from scenario_runner.engine.services import Control, Job, Services
from scenario_runner.engine.state import CaseState
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.temporary import TemporaryFolder


@dataclass(frozen=True, slots=True)
class Place:
    """Which attempt of which step, whose entry of the scenario may stand for several."""

    entry: str
    step_id: str
    attempt: int


@contextmanager
def part_of_step(
    job: Job, services: Services, place: Place, folder: str, control: Control
) -> Iterator[AttemptContext]:
    """What a step works with there: the plan and the targets, and nothing that earlier steps of the case came to.

    folder: what its files are kept in, among those of the case.
    """
    entries = (*job.scenario.setup, *job.scenario.steps, *job.scenario.final)
    found = next(one for one in entries if one.id == place.entry)
    with TemporaryFolder() as scratch:
        state = CaseState(
            job,
            services,
            dict(services.names),
            services.factory(),
            services.targets,
            scratch,
            folder=folder,
        )
        try:
            deadline = Deadline(None, control.stop)
            yield AttemptContext(state, found, place.step_id, place.attempt, deadline, state.names)
        finally:
            state.part()
