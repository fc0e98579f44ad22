"""What this room registers through the hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.planning.sources import PatientSource


@hookimpl
def fabricate_sources() -> list[PatientSource]:
    """Orders in HL7 v2 messages and imaging studies of a FHIR server; loaded by a scenario that names them."""
    places = {"hl7": "hl7:MESSAGES", "fhir": "fhir:FHIR"}
    return Later.each("scenario_runner.orders.sources", places)
