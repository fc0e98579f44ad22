"""All that was measured of one kind of operation in one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenario_runner.measuring.histogram import Histogram
from scenario_runner.measuring.timeline import Timeline, quantiles

VISIBLE = "until visible"
"""What is measured from an instance's acknowledgement to a query that finds it; no operation on a PACS."""
_GROUPS = 64
"""Of each kind; what would be further ones counts as ``others``."""


class Measured:
    """Times of one operation, from the request to its answer; where it was planned when each begins, from then.

    The latter is what somebody waits who does not wait for us: in an open load an operation that begins late,
    because those before it took long, has waited already (coordinated omission). Both are told then.
    """

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.latency = Histogram()
        """What a threshold is about: from the moment it was to begin, or from the request where none was planned."""
        self.service: Histogram | None = None
        """From the request, where the latency is from another moment."""
        self.failed = 0
        self.unanswered = 0
        """How many got no answer, or could not be asked, for an error; no time is known of them, and they are not in ``failed``."""
        self.first = 0.0
        """When the first of them began, in seconds since the step did."""
        self.last = 0.0
        """When the last of them ended."""
        self._late = Histogram()
        self._timeline = Timeline()
        self._groups: dict[tuple[str, str], tuple[Histogram, list[int]]] = {}

    def record(
        self,
        at: float,
        seconds: float,
        *,
        failed: bool = False,
        late: float | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Count one.

        at: when it ended, in seconds since the step began. seconds: from the request to its answer. late: by how
        much it began after it was to begin; None where it was to begin whenever it could. labels: what it
        belongs to, such as ``{"modality": "CT"}``.
        """
        if late is not None:
            self.service = self.service or Histogram()
            self.service.record(seconds)
            self._late.record(late)
            seconds += late
        if not self.latency.count or at - seconds < self.first:
            self.first = max(0.0, at - seconds)
        self.last = max(self.last, at)
        self.latency.record(seconds)
        self.failed += failed
        self._timeline.record(at, seconds, failed=failed)
        for kind, name in (labels or {}).items():
            key = (kind, name)
            if key not in self._groups and sum(one == kind for one, _ in self._groups) >= _GROUPS:
                key = (kind, "others")
            histogram, failures = self._groups.setdefault(key, (Histogram(), [0]))
            histogram.record(seconds)
            failures[0] += failed

    @property
    def rate(self) -> float:
        """How many were done a second, those that failed left out, between the first request and the last answer."""
        span = self.last - self.first
        return (self.latency.count - self.failed) / span if span > 0 else 0.0

    def plain(self) -> dict[str, Any]:
        """What the record keeps of it, as ``LatencyRecord`` says."""
        slices = self._timeline.plain()
        return {
            "operation": self.operation,
            **_summary(self.latency, self.failed),
            "unanswered": self.unanswered,
            "per_second": round(self.rate, 3),
            "first_s": round(self.first, 6),
            "last_s": round(self.last, 6),
            "service": _summary(self.service, self.failed) if self.service else None,
            "late": _summary(self._late, 0) if self.service else None,
            "histogram": self.latency.pairs(),
            "every_s": self._timeline.every,
            "over_time": slices,
            "groups": [
                {"by": kind, "name": name, **_summary(histogram, failures[0])}
                for (kind, name), (histogram, failures) in self._groups.items()
            ],
        }


def _summary(histogram: Histogram, failed: int) -> dict[str, Any]:
    return {
        "count": histogram.count,
        "failed": failed,
        "min_s": round(histogram.min, 6),
        "mean_s": round(histogram.mean, 6),
        **quantiles(histogram),
        "max_s": round(histogram.max, 6),
    }
