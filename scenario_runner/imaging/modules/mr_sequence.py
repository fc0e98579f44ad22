"""Which MR sequence a series is, from what the scenario calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


@dataclass(frozen=True, slots=True)
class Contrast:
    """A sequence with times in ms; the kinds of C.8.3.1.1."""

    name: str
    scanning_sequence: str
    repetition_ms: float
    echo_ms: float
    inversion_ms: float | None = None
    echo_train: int = 1
    flip_angle: float = 90


_CONTRASTS = (
    Contrast("FLAIR", "IR", 9000, 110, 2500, echo_train=16, flip_angle=150),
    Contrast("T1", "SE", 500, 12),
    Contrast("PD", "SE", 3000, 20, echo_train=4),
    Contrast("T2", "SE", 4500, 100, echo_train=16, flip_angle=150),
)


def contrast_of(series: PlannedSeries) -> Contrast:
    """FLAIR, T1, PD or T2 when description or protocol has the word; otherwise T2."""
    words = set(re.findall(r"[A-Z0-9]+", f"{series.description} {series.protocol}".upper()))
    for contrast in _CONTRASTS:
        if any(word.startswith(contrast.name) for word in words):
            return contrast
    return _CONTRASTS[-1]
