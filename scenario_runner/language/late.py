"""What stands beside a step and has a template: known when the step begins, for a case decides it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scenario_runner.language.binding import bind
from scenario_runner.language.entries import Repeat, Retry, StepSiblings
from scenario_runner.language.templates import render_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.language.entries import StepEntry

LATE = ("timeout", "retry", "repeat")
AT_EACH_TURN = frozenset({("repeat", "until")})
"""What of them is evaluated while the step runs."""


def settled(entry: StepEntry, names: Mapping[str, Any]) -> StepEntry:
    """The entry with the values that its templates have now. Raises InvalidInput."""
    if not entry.late:
        return entry
    rendered = render_tree(entry.late, names, entry.origins.where, entry.path, AT_EACH_TURN)
    beside = bind(StepSiblings, rendered, entry.origins, entry.path, entry.late)
    return replace(
        entry,
        late={},
        timeout=beside.timeout if "timeout" in rendered else entry.timeout,
        retry=Retry.of(beside.retry) if "retry" in rendered else entry.retry,
        repeat=Repeat.of(beside.repeat) if "repeat" in rendered else entry.repeat,
    )
