"""What became of an image that was sent, under a load or without one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.answers import StoreStatus
    from scenario_runner.api import SentInstance
    from scenario_runner.errors import TargetError
    from scenario_runner.planning.plan import PlannedImage
    from scenario_runner.steps.load.offers import Offer


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one image, and when."""

    image: PlannedImage
    status: StoreStatus
    labels: Mapping[str, str]
    late: float | None = None
    """Seconds after the moment that was planned for it; None where none was."""
    ended: float | None = None
    """time.monotonic() of its answer, where that is told later."""
    offer: Offer | None = None
    trouble: TargetError | None = None
    made_late: bool = False
    """Whether it was not made yet when it was to go."""
    sent: SentInstance | None = None
    """What was noted of it, where another process sent it and told of it."""

    @property
    def ago(self) -> float:
        """How many seconds ago its answer came."""
        return 0.0 if self.ended is None else max(0.0, time.monotonic() - self.ended)
