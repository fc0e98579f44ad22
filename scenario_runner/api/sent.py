"""What a target said of an instance that it was offered, now or in an earlier run."""

from __future__ import annotations

from scenario_runner.answers import StoreStatus
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.planning.plan import PlannedImage


@dataclass(frozen=True, slots=True)
class SentInstance:
    """One instance that was offered to a target, and what the target said."""

    image: PlannedImage
    target: str
    status: StoreStatus
    earlier: str | None = None
    """The run that stored it, when it was not this one: a rerun does not send it again."""

    @property
    def stored(self) -> bool:
        """Whether the PACS acknowledged it with success or a warning (PS3.4 B.2.3), now or earlier."""
        return self.earlier is not None or self.status.stored


@dataclass(frozen=True, slots=True)
class SentEarlier:
    """What the run that is being repeated knew about an instance when it ended."""

    run: str
    """Which run was told so; with several reruns the first."""
    status: StoreStatus
    stored: bool
    """Acknowledged, and not deleted since."""
    doubtful: bool
    """The PACS may have it: no answer came, or the run was killed before it could be noted."""
    told: bool = False
    """It was this very run, whose record says so: a worker that died was told."""
