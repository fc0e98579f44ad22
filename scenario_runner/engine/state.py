"""What one case remembers from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenario_runner.api import Ledger
from scenario_runner.engine.services import Factory, Job, Services
from scenario_runner.errors import UsageError

PREVIEWS_IN_A_CASE = 12


@dataclass(slots=True)
class CaseState:
    """Captures, durations and the ledger of one case."""

    job: Job
    services: Services
    names: dict[str, Any]
    """What templates see: vars, matrix, run, site, the plan and everything saved."""
    factory: Factory
    scratch: Path
    """A folder that is removed when the case is over."""
    ledger: Ledger = field(default_factory=Ledger)
    values: dict[str, Any] = field(default_factory=dict)
    """What each step gave, by step id."""
    saved_by: dict[str, str] = field(default_factory=dict)
    """Which step stored a ``save_as`` name."""
    durations: dict[str, float] = field(default_factory=dict)
    previewed: set[str] = field(default_factory=set)
    attachments: int = 0

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
