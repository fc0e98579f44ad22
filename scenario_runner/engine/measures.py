"""What the steps of one case measured: kept as counts, told as events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from scenario_runner.errors import UsageError
from scenario_runner.events import Event, LatencyMeasured
from scenario_runner.measuring.measured import Measured

_EVERY = 10.0
"""Seconds between two events of a step that goes on; a run that is killed has lost no more than that."""


class Measures:
    """Times of operations by step and kind of operation, over all attempts of the step."""

    def __init__(self, case: str) -> None:
        self._case = case
        self._steps: dict[str, dict[str, Measured]] = {}
        self._began: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def know(self, step_id: str, operations: Mapping[str, Measured]) -> None:
        """Take over what was measured elsewhere as what that step measures."""
        self._steps[step_id] = dict(operations)

    def took(
        self,
        step_id: str,
        operation: str,
        seconds: float | None,
        emit: Callable[[Event], object],
        *,
        failed: bool = False,
        late: float | None = None,
        ago: float = 0.0,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Count one operation of a step that ended so many seconds ago. The parameters are those of ``StepContext.took``."""
        now = monotonic() - ago
        began = self._began.setdefault(step_id, now - (seconds or 0.0) - (late or 0.0))
        operations = self._steps.setdefault(step_id, {})
        if operation not in operations:
            operations[operation] = Measured(operation)
        if seconds is None:
            operations[operation].unanswered += 1
            return
        operations[operation].record(now - began, seconds, failed=failed, late=late, labels=labels)
        if now - self._told.setdefault(step_id, now) >= _EVERY:
            self._told[step_id] = now
            self.tell(step_id, emit)

    def tell(self, step_id: str, emit: Callable[[Event], object]) -> None:
        """Say what was measured so far, if anything was."""
        if operations := self._steps.get(step_id):
            latencies = [measured.plain() for measured in operations.values()]
            emit(LatencyMeasured(case=self._case, id=step_id, latencies=latencies))

    def of(
        self, called: Sequence[str], operation: str | None = None, why: str | None = None
    ) -> Mapping[str, Measured]:
        """What a step measured, by kind of operation.

        called: the ids it may have; none for the last that measured anything, or that operation. why: what is known of why
        it has not.

        Raises UsageError when it has measured nothing.
        """
        if not called:
            every = reversed(self._steps.values())
            found = next((one for one in every if operation is None or operation in one), None)
            if found is not None:
                return found
        for each in called:
            if each in self._steps:
                return self._steps[each]
        raise UsageError(
            f"step '{called[-1]}' has measured nothing"
            if called
            else "no step has measured anything",
            hint=why or f"steps that have: {', '.join(self._steps) or 'none'}",
        )
