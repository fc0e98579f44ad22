"""What cannot be made as the scenario wants it, with the place that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenario_runner.errors import PLAN, Diagnostic, InvalidInput, Where

if TYPE_CHECKING:
    from scenario_runner.planning.plan import PlannedSeries


def refusal(series: PlannedSeries, code: str, message: str, hint: str | None) -> InvalidInput:
    """The error to raise about a series."""
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in series.path).lstrip(".")
    return InvalidInput([Diagnostic(code, Where(file=PLAN, path=path), message, hint)])
