"""What was measured over time: a bounded number of slices, which grow wider as time goes on."""

from __future__ import annotations

from typing import Any

from scenario_runner.measuring.histogram import Histogram

MOST = 120
"""Slices that are kept."""
_QUANTILES = (("p50_s", 0.5), ("p95_s", 0.95), ("p99_s", 0.99))


class Timeline:
    """Times by when they ended, in slices of a second; of two, four, … once there would be too many."""

    def __init__(self) -> None:
        self.every = 1
        """Seconds of a slice."""
        self._slices: dict[int, tuple[Histogram, list[int]]] = {}

    def record(self, at: float, seconds: float, *, failed: bool = False) -> None:
        """Count one that ended so many seconds after the beginning."""
        number = max(0, int(at / self.every))
        while number >= MOST:
            self._widen()
            number = int(at / self.every)
        histogram, failures = self._slices.setdefault(number, (Histogram(), [0]))
        histogram.record(seconds)
        failures[0] += failed

    def _widen(self) -> None:
        self.every *= 2
        wider: dict[int, tuple[Histogram, list[int]]] = {}
        for number, (histogram, failures) in self._slices.items():
            into, failed = wider.setdefault(number // 2, (Histogram(), [0]))
            into.add(histogram)
            failed[0] += failures[0]
        self._slices = wider

    def plain(self) -> list[dict[str, Any]]:
        """``{at_s, count, failed, p50_s, p95_s, p99_s, max_s}`` of each slice in which something ended."""
        return [
            {
                "at_s": number * self.every,
                "count": histogram.count,
                "failed": failures[0],
                **quantiles(histogram),
                "max_s": round(histogram.max, 6),
            }
            for number, (histogram, failures) in sorted(self._slices.items())
        ]


def quantiles(histogram: Histogram) -> dict[str, float]:
    """``{p50_s, p95_s, p99_s}``, to the microsecond."""
    return {name: round(histogram.quantile(share), 6) for name, share in _QUANTILES}
