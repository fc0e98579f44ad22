"""One module per assertion, in the same form as a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.plugins import hookimpl

if TYPE_CHECKING:
    from scenario_runner.api import Check


@hookimpl
def fabricate_checks() -> list[type[Check]]:
    """The checks of the language, in the order of the reference."""
    from scenario_runner.checks.compare import Between, Contains, Equal, Matches, NotEqual
    from scenario_runner.checks.conformant import Conformant
    from scenario_runner.checks.duration import Duration
    from scenario_runner.checks.membership import Count, Empty, In
    from scenario_runner.checks.pixels import Pixels
    from scenario_runner.checks.status import Status
    from scenario_runner.checks.stored import Stored
    from scenario_runner.checks.tags import Tags

    return [
        Equal, NotEqual, Contains, Matches, Between, In, Empty, Count,
        Stored, Tags, Pixels, Conformant, Status, Duration,
    ]  # fmt: skip
