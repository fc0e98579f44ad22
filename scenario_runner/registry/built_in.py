"""What this room registers through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.planning.sources import PatientSource


@hookimpl
def fabricate_sources() -> list[PatientSource]:
    """Patients of earlier runs; loaded by a scenario that names them."""
    return Later.each("scenario_runner.registry", {"registry": "source:KNOWN"})
