"""What a scheduler is given of a part of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.database.location import Location


@dataclass(frozen=True, slots=True)
class Task:
    """What goes through the scheduler: no secret, and nothing large."""

    ledger: Location
    run: str
    part: str
    client: str
    """The host that the run was started on."""
