"""Whether a load is kept up with, and whether to offer no more."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from scenario_runner.planning.arrivals import Arrival, stretches

if TYPE_CHECKING:
    from scenario_runner.language.loads import Load

_LATE = 1.0
"""Seconds late from which on a load is said not to have been kept up with."""
_LOOKED_AT, _FROM = 100, 20
"""Operations among which failures are counted for ``stop_when``, and from how many on."""
_HOPELESS = 10
"""Errors in a row without any answer ever, after which nobody is there."""


class Watch:
    """Looks at what came of each operation."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.stages = stretches(load) if load.is_open else []
        self.stopped = ""
        """Why no more is offered, where that was not planned."""
        self._recent: deque[bool] = deque(maxlen=_LOOKED_AT)
        self._answered = False
        self._errors = 0
        self._not_kept_up: tuple[float, float] | None = None

    def look(
        self, *, ok: bool, answered: bool, late: float | None, arrival: Arrival | None
    ) -> None:
        """One more."""
        self._recent.append(not ok)
        self._answered = self._answered or answered
        self._errors = 0 if answered else self._errors + 1
        if arrival is not None and late is not None and late > _LATE and not self._not_kept_up:
            begin = sum(stage.seconds for stage in self.stages[: arrival.stretch])
            rate = self.stages[arrival.stretch].rate_at(arrival.at - begin)
            self._not_kept_up = (arrival.at, rate)
        wish = self._load.stop_when
        if wish is None or self.stopped or len(self._recent) < _FROM:
            return
        share = sum(self._recent) / len(self._recent)
        if share > wish.error_rate:
            self.stopped = f"stopped when {share:.1%} of the last {len(self._recent)} failed, more than {wish.error_rate:.1%}"

    @property
    def is_hopeless(self) -> bool:
        """Whether nobody ever answered, and that for long enough."""
        return not self._answered and self._errors >= max(_HOPELESS, self._load.at_once)

    def facts(self) -> dict[str, Any]:
        """What the report says of it."""
        facts: dict[str, Any] = {}
        if self.stopped:
            facts["stopped"] = self.stopped
        if self._not_kept_up is not None:
            at, rate = self._not_kept_up
            facts["not_kept_up"] = {"from_s": round(at, 3), "per_second": round(rate, 3)}
        return facts

    def words(self) -> str:
        """The same for the step's message."""
        parts = [self.stopped] if self.stopped else []
        if self._not_kept_up is not None:
            at, rate = self._not_kept_up
            parts.append(f"not kept up with from {at:.3g} s on, at {rate:.4g}/s")
        return "; ".join(parts)
