"""The step ``fhir_read``: one resource of a FHIR server."""

from __future__ import annotations

from typing import ClassVar

from scenario_runner.api import Saved, Step, StepContext, StepResult, TargetName, Text
from scenario_runner.checks.telling_fhir import note_studies


class FhirRead(Step):
    """Read one resource of a FHIR server. ``save_as`` gives it as plain data, as it came."""

    name: ClassVar[str] = "fhir_read"
    saves: ClassVar[frozenset[Saved] | None] = frozenset()
    measures: ClassVar[frozenset[str] | None] = frozenset()
    example: ClassVar[str] = "fhir_read: {on: ehr, url: Patient/123}"

    on: TargetName
    """Who is asked: a target with ``fhir``."""
    url: Text
    """``Patient/123``, or a URL below the server's own."""

    def run(self, context: StepContext) -> StepResult:
        """Ask for it."""
        resource = context.target(self.on).fhir_read(self.url, context.deadline)
        note_studies(context, self.on, [resource])
        name = f"{resource.get('resourceType')}/{resource.get('id', '')}".rstrip("/")
        return StepResult(outcome="passed", message=f"{name} read", value=resource)
