"""What the report shows of how long a step's operations took."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from scenario_runner.evidence.html_text import First, first
from scenario_runner.evidence.latency_plots import distribution, over_time, short_time, throughput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.evidence.record import StepRecord
    from scenario_runner.evidence.record_latency import GroupRecord, LatencyRecord, QuantilesRecord

_OPERATIONS, _GROUPS = 20, 20
_NUMBER = re.compile(r"[0-9]{1,9}").fullmatch


def latencies(step: StepRecord) -> First[dict[str, Any]]:
    """Rows of numbers and pictures of each kind of operation."""
    shown = first([one for one in step.latencies if _sound(one)], _OPERATIONS)
    return First([_shown(one) for one in shown.items], shown.more)


def is_load(step: StepRecord) -> bool:
    """Whether it was planned when each operation was to begin; such a step is about its numbers."""
    return any(one.service is not None for one in step.latencies)


def _sound(record: LatencyRecord) -> bool:
    """Whether its numbers can be drawn; a log may be damaged."""
    numbers: Sequence[float] = [
        record.max_s, record.p99_s, record.last_s, record.every_s,
        *(number for one in record.over_time for number in (one.at_s, one.p99_s, one.max_s)),
        *(micros for micros, _ in record.histogram),
    ]  # fmt: skip
    return record.every_s > 0 and all(math.isfinite(one) and one >= 0 for one in numbers)


def _shown(record: LatencyRecord) -> dict[str, Any]:
    rows = [_row(record.operation, record)]
    if record.service is not None:
        rows.append(_row("from its request", record.service))
    if record.late is not None:
        rows.append(_row("begun late by", record.late))
    if record.unanswered:
        rows.append(
            {
                "name": "not answered",
                "count": f"{record.unanswered:,}",
                "failed": "",
                "times": [""] * 4,
            }
        )
    groups = first(_in_order(record.groups) if len(record.groups) > 1 else [], _GROUPS)
    rows += [_row(f"{one.by} {one.name}", one) for one in groups.items]
    return {
        "operation": record.operation,
        "planned": record.service is not None,
        "rows": rows,
        "more": groups.more,
        "per_second": f"{record.per_second:,.4g}" if record.count > 1 else "",
        "plots": [
            (caption, plot)
            for caption, plot in (
                ("How many took how long", distribution(record)),
                ("Latency over time: p50 (line), p95 (dashes), p99 (dots)", over_time(record)),
                ("Operations a second", throughput(record)),
            )
            if plot
        ],
    }


def _in_order(groups: Sequence[GroupRecord]) -> list[GroupRecord]:
    """Kind by kind as they came; those of a kind that are numbered, as associations are, by their numbers."""
    kinds = list(dict.fromkeys(one.by for one in groups))

    def place(one: GroupRecord) -> tuple[int, int]:
        number = int(one.name) if _NUMBER(one.name) else 0
        return kinds.index(one.by), number

    return sorted(groups, key=place)


def _row(name: str, one: QuantilesRecord) -> dict[str, Any]:
    return {
        "name": name,
        "count": f"{one.count:,}",
        "failed": f"{one.failed:,}" if one.failed else "",
        "times": [short_time(value) for value in (one.p50_s, one.p95_s, one.p99_s, one.max_s)],
    }
