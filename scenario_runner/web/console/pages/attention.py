"""What needs somebody's attention: of the service itself, of deletions that wait, of systems that do not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scenario_runner.app.systems import State
from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Permission
from scenario_runner.service.readiness import checks_of, readiness
from scenario_runner.web.console.page import Desk


def attention(desk: Desk, asking: Asking, states: Sequence[State] | None) -> dict[str, Any]:
    """As its template needs it. states: of the systems, None while they are asked, which takes its time."""
    found = readiness(checks_of(desk.service))
    decides = Permission.DELETE in asking.caller.permissions
    return {
        "wrong": list(found.wrong.items()),
        "waiting": len(desk.service.deletions.waiting()) if decides else 0,
        "asks": states is None,
        "failing": [one for one in states or () if not one.is_well],
    }
