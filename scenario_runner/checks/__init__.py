"""One module per assertion, in the same form as a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.hooks import Later, hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import Check

_CHECKS = {
    "equal": "compare:Equal",
    "not_equal": "compare:NotEqual",
    "contains": "compare:Contains",
    "matches": "compare:Matches",
    "between": "compare:Between",
    "in": "membership:In",
    "empty": "membership:Empty",
    "count": "membership:Count",
    "stored": "stored:Stored",
    "tags": "tags:Tags",
    "pixels": "pixels:Pixels",
    "conformant": "conformant:Conformant",
    "status": "status:Status",
    "duration": "duration:Duration",
    "latency": "thresholds:Latency",
    "throughput": "thresholds:Throughput",
    "errors": "thresholds:Errors",
    "until_visible": "until_visible:UntilVisible",
    "hl7": "hl7:Hl7",
    "consistent": "consistent:Consistent",
    "migrate": "migrate:Migrate",
}


@hookimpl
def fabricate_checks() -> list[type[Check] | Later]:
    """The checks of the language, in the order of the reference; a scenario loads those it uses."""
    return Later.each(__name__, _CHECKS)
