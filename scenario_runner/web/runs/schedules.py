"""What is started by the clock."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.service.runs import schedules
from scenario_runner.web.imaging.asking import Viewer
from scenario_runner.web.runs.asking import Runner
from scenario_runner.web.runs.models import (
    PauseGiven,
    ScheduleGiven,
    ScheduleList,
    ScheduleState,
)

_Number = Annotated[int, Path(ge=1, le=1 << 53)]


def schedule_routes(router: APIRouter, desk: ServedRuns) -> None:
    """Add them to a router."""
    runs = desk.runs

    @router.get("/schedules", response_model=ScheduleList, tags=["schedules"])
    def schedules_of(asking: Viewer) -> dict[str, Any]:  # noqa: ARG001
        """What is started by the clock."""
        return {"schedules": [one.as_json() for one in schedules.listed(runs.database)]}

    @router.post("/schedules", status_code=201, response_model=ScheduleState, tags=["schedules"])
    def schedule(asking: Runner, given: ScheduleGiven) -> dict[str, Any]:
        """Start a scenario by the clock, again and again."""
        asked = desk.asked(asking, given.wish())
        made = schedules.add(
            runs.database,
            asking,
            asked,
            title=given.schedule_title,
            cron=given.cron,
            zone=given.zone,
        )
        return made.as_json()

    @router.post("/schedules/{number}/pause", response_model=ScheduleState, tags=["schedules"])
    def pause(asking: Runner, number: _Number, given: PauseGiven) -> dict[str, Any]:
        """Start nothing by it for a while, or go on."""
        return schedules.pause(runs.database, asking, number, paused=given.paused).as_json()

    @router.delete("/schedules/{number}", status_code=204, tags=["schedules"])
    def unschedule(asking: Runner, number: _Number) -> Response:
        """End a schedule; its runs stay."""
        schedules.remove(runs.database, asking, number)
        return Response(status_code=204)
