"""How long each stage of a study took, for whoever keeps numbers."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from scenario_runner.service.validator.events import (
    ENDS,
    FAILED,
    PROCESSED,
    REFUSED,
    UPLOADED,
    VALIDATED,
    Event,
)

_STAGES: Final[Mapping[str, str]] = {
    VALIDATED: "validator_judged",
    REFUSED: "validator_judged",
    PROCESSED: "validator_stored",
    FAILED: "validator_given_up",
}
"""By the event that ends it; a stage begins where the one before ended."""
_MOST: Final = 10_000

STAGES: Final = tuple(dict.fromkeys(_STAGES.values()))


class Stages:
    """Told of what happens, tells how many seconds a stage took: from being waited for to being done."""

    def __init__(self, took: Callable[[str, float], object]) -> None:
        self._took = took
        self._began: OrderedDict[str, dt.datetime] = OrderedDict()

    def told(self, events: Sequence[Event]) -> None:
        """Some more events, in order; on one thread at a time."""
        for event in events:
            stage = _STAGES.get(event.name)
            began = self._began.get(event.study)
            if stage is not None and began is not None:
                self._took(stage, max(0.0, (event.at - began).total_seconds()))
            if event.name in ENDS:
                self._began.pop(event.study, None)
            elif event.name == UPLOADED or stage is not None:
                self._began[event.study] = event.at
                if len(self._began) > _MOST:
                    self._began.popitem(last=False)
