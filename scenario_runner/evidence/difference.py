"""One thing that two runs do not have alike."""

from __future__ import annotations

from typing import Literal

from scenario_runner.lazy_dataclasses import dataclass

Way = Literal["worse", "better", "different"]
Kind = Literal["outcome", "attribute", "status", "duration", "count", "peer", "version", "input"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not alike. subject: case, step and check, joined by ``›``, or a PACS."""

    way: Way
    kind: Kind
    subject: str
    before: str
    after: str
