"""Who asks, and from where: what every operation that the audit trail knows is told."""

from __future__ import annotations

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.permissions import Caller


@dataclass(frozen=True, slots=True)
class Asking:
    """from_where: the address of the client, or what the command line is called."""

    caller: Caller
    from_where: str = ""
