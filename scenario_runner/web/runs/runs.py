"""``/api/v1/runs``: runs that belong to the server."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response

from scenario_runner.app.served_runs import ServedRuns
from scenario_runner.service.runs import records
from scenario_runner.web.imaging.asking import Limit, Offset, Viewer
from scenario_runner.web.runs.asking import RunId, Runner
from scenario_runner.web.runs.models import RunGiven, RunPage, RunState, StopGiven
from scenario_runner.web.text import Text

PREFIX: Final = "/api/v1/runs"


def run_routes(router: APIRouter, desk: ServedRuns) -> None:
    """Add them to a router."""
    runs = desk.runs

    @router.post("", status_code=201, response_model=RunState, tags=["runs"])
    def start(asking: Runner, given: RunGiven, response: Response) -> dict[str, Any]:
        """Run a scenario: it is put into the queue, and goes on whoever looks."""
        run = desk.ask(asking, given.wish())
        response.headers["Location"] = f"{PREFIX}/{run.id}"
        return run.as_json()

    @router.get("", response_model=RunPage, tags=["runs"])
    def listed(
        asking: Viewer,  # noqa: ARG001 - who may view may see
        state: Literal["queued", "running", "ended"] | None = None,
        outcome: Annotated[list[str] | None, Query(max_length=20)] = None,
        scenario: Annotated[Text | None, Query(max_length=64)] = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> dict[str, Any]:
        """The runs, the newest first."""
        which = records.Which(
            outcomes=[one for one in outcome or () if one in records.OUTCOMES],
            state=state,
            scenario=scenario,
        )
        found, total = records.page(runs.database, limit, offset, which)
        told = [one.as_json() for one in found]
        return {"runs": told, "total": total, "limit": limit, "offset": offset}

    @router.get("/{run_id}", response_model=RunState, tags=["runs"])
    def one(asking: Viewer, run_id: RunId) -> dict[str, Any]:  # noqa: ARG001
        """A run."""
        return runs.get(run_id).as_json()

    @router.post("/{run_id}/stop", status_code=202, response_model=RunState, tags=["runs"])
    def stop(asking: Runner, run_id: RunId, given: StopGiven | None = None) -> dict[str, Any]:
        """End a run as Ctrl-C does: its `finally` steps run. One in the queue is withdrawn."""
        at_once = given is not None and given.at_once
        return runs.stop(asking, run_id, at_once=at_once).as_json()

    @router.post("/{run_id}/repeat", status_code=201, response_model=RunState, tags=["runs"])
    def repeat(asking: Runner, run_id: RunId) -> dict[str, Any]:
        """Run the same once more."""
        return runs.repeat(asking, run_id).as_json()
