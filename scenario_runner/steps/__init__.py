"""One module per step: its model, which is its schema and its documentation, and its ``run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import Step

_STEPS = {
    "generate": "generate:Generate",
    "import": "import_:Import",
    "validate": "validate:Validate",
    "echo": "echo:Echo",
    "send": "send:Send",
    "wait": "wait:Wait",
    "query": "query:Query",
    "retrieve": "retrieve:Retrieve",
    "commit": "commit:Commit",
    "worklist": "worklist:Worklist",
    "mpps": "mpps:Mpps",
    "delete": "delete:Delete",
    "misbehave": "misbehave:Misbehave",
    "hl7_send": "hl7_send:Hl7Send",
    "hl7_wait": "hl7_wait:Hl7Wait",
    "fhir_search": "fhir_search:FhirSearch",
    "fhir_read": "fhir_read:FhirRead",
    "fhir_write": "fhir_write:FhirWrite",
    "migrate": "migrate:Migrate",
    "assert": "assert_:Assert",
    "use": "use:Use",
    "parallel": "parallel:Parallel",
    "pause": "pause:Pause",
    "log": "log:Log",
}


@hookimpl
def fabricate_steps() -> list[type[Step] | Later]:
    """The steps of the language, in the order of the reference; a scenario loads those it uses."""
    return Later.each(__name__, _STEPS)
