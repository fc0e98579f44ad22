"""What one case remembers from step to step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenario_runner.api import Ledger, Target
from scenario_runner.engine.services import Factory, Job, Services
from scenario_runner.errors import UsageError

PREVIEWS_IN_A_CASE = 12
LOGS_IN_A_CASE = 500
"""Logs of associations; those of further ones are left out."""


@dataclass(slots=True)
class CaseState:
    """Captures, durations and the ledger of one case."""

    job: Job
    services: Services
    names: dict[str, Any]
    """What templates see: vars, matrix, run, site, the plan and everything saved."""
    factory: Factory
    targets: Callable[[str], Target]
    scratch: Path
    """A folder that is removed when the case is over."""
    ledger: Ledger = field(default_factory=Ledger)
    values: dict[str, Any] = field(default_factory=dict)
    """What each step gave, by step id."""
    saved_by: dict[str, str] = field(default_factory=dict)
    """Which step stored a ``save_as`` name."""
    durations: dict[str, float] = field(default_factory=dict)
    previewed: set[str] = field(default_factory=set)
    seen: set[tuple[str, str, str, str]] = field(default_factory=set)
    """What was told of the targets: name, SOP class, outcome and reason."""
    attachments: int = 0
    logs: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _told: dict[str, Target] = field(default_factory=dict)
    """The targets that know of this case."""

    def target(self, name: str) -> Target:
        """The PACS of that name; it learns of the case when it is first asked for."""
        target = self.targets(name)
        if name not in self._told:
            self._told[name] = target
            target.case_began(self.job.case)
        return target

    def part(self) -> None:
        """Tell the targets that the case is over."""
        for target in self._told.values():
            target.case_ended(self.job.case)

    def save(self, step_id: str, save_as: str | None, value: Any) -> None:
        """Keep a step's value under its id and, for templates, under ``save_as``."""
        self.values[step_id] = value
        if save_as is not None:
            self.names[save_as] = value
            self.saved_by[save_as] = step_id

    def saved(self, name: str) -> Any:
        """A value by ``save_as`` name or step id. Raises UsageError when there is none."""
        known: Mapping[str, Any] = {**self.values, **self._captures()}
        if name not in known:
            raise UsageError(
                f"nothing was saved as '{name}'",
                hint=f"saved so far: {', '.join(sorted(known)) or 'nothing'}",
            )
        return known[name]

    def _captures(self) -> dict[str, Any]:
        saves = {
            entry.save_as
            for entry in (*self.job.scenario.steps, *self.job.scenario.final)
            if entry.save_as
        }
        return {name: self.names[name] for name in saves if name in self.names}
