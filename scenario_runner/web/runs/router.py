"""The endpoints of runs and scenarios, gathered."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.web.runs import evidence, runs, scenarios, schedules


def run_routers(desk: ServedRuns) -> Sequence[APIRouter]:
    """All of them, for one server."""
    about_runs = APIRouter(prefix=runs.PREFIX)
    schedules.schedule_routes(about_runs, desk)
    runs.run_routes(about_runs, desk)
    evidence.evidence_routes(about_runs, desk)
    about_scenarios = APIRouter(prefix=scenarios.PREFIX)
    scenarios.scenario_routes(about_scenarios, desk)
    return (about_runs, about_scenarios)
