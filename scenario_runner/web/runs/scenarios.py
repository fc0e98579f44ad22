"""``/api/v1/scenarios``: those that ship and those kept here, read, saved, judged and planned."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response
from starlette.responses import JSONResponse

from scenario_runner.app.scenario_texts import Bounded, TooLongError, diagnostics_of, plan_of
from scenario_runner.app.served_editing import ServedEditing
from scenario_runner.app.served_runs import ServedRuns, as_json, wrong
from scenario_runner.errors import InvalidInput
from scenario_runner.service.errors import Malformed, TooLarge
from scenario_runner.service.scenarios.library import NEW
from scenario_runner.web.imaging.asking import Limit, Offset, Viewer
from scenario_runner.web.runs.asking import Runner, ScenarioName
from scenario_runner.web.runs.models import (
    CursorGiven,
    Findings,
    Offers,
    ScenarioGiven,
    ScenarioPage,
    ScenarioSaved,
    ScenarioText,
    Told,
)

PREFIX: Final = "/api/v1/scenarios"
LONGEST_PLAN: Final = 4 << 20
"""Characters of a plan that is answered; one of a million images is for the command line."""
_MOST_OFFERED: Final = 500
"""Completions that are answered; the more is typed, the fewer there are."""
_IfMatch = Annotated[str | None, Header(max_length=200, description="The ETag it was read with.")]
_IfNoneMatch = Annotated[str | None, Header(max_length=200, description="`*` for a new one.")]


def scenario_routes(router: APIRouter, desk: ServedRuns) -> None:
    """Add them to a router."""
    editing = ServedEditing(desk)

    @router.get("", response_model=ScenarioPage, tags=["scenarios"])
    def listed(
        asking: Viewer,  # noqa: ARG001 - who may view may see
        limit: Limit = 200,
        offset: Offset = 0,
    ) -> dict[str, Any]:
        """The scenarios that can be run by their names, own ones first."""
        found = list(desk.listed())
        told = [
            {"name": one.name, "title": one.title, "tags": list(one.tags), "source": one.source}
            for one in islice(found, offset, offset + limit)
        ]
        return {"scenarios": told, "total": len(found), "limit": limit, "offset": offset}

    @router.post("/validate", response_model=Findings, tags=["scenarios"])
    def validate(asking: Runner, given: ScenarioGiven) -> dict[str, Any]:
        """What `fabricate validate` says of a scenario."""
        found = diagnostics_of(desk.readable(asking, given.wish()))
        return {"diagnostics": [as_json(one) for one in found]}

    @router.post("/plan", response_model=dict[str, Any], tags=["scenarios"])
    def plan(asking: Runner, given: ScenarioGiven) -> JSONResponse:
        """What `fabricate plan --format json` says: what a run would make now. No counter moves."""
        stream = Bounded(LONGEST_PLAN)
        try:
            draft = desk.permitted(asking, given.wish())
            plan_of(draft, desk.registry, given.seed).write_json(stream)
        except InvalidInput as error:
            raise wrong(error.diagnostics) from error
        except TooLongError as error:
            raise TooLarge(
                "plan-too-long",
                "the plan has more to say than fits here",
                hint="fabricate plan --format json writes all of it",
            ) from error
        return JSONResponse(stream.value())

    @router.post("/complete", response_model=Offers, tags=["scenarios"])
    def complete(asking: Runner, given: CursorGiven) -> dict[str, Any]:  # noqa: ARG001
        """What can stand at a place of a scenario that is being written."""
        found = editing.complete(given.text, given.offset)
        items = [asdict(one) for one in found.items[:_MOST_OFFERED]]
        return {"start": found.start, "end": found.end, "items": items}

    @router.post("/hover", response_model=Told, tags=["scenarios"])
    def hover(asking: Runner, given: CursorGiven) -> dict[str, Any]:  # noqa: ARG001
        """What is to be known of what stands at a place: what a key means, what a template comes to."""
        found = editing.hover(given.text, given.offset)
        if found is None:
            return {"start": given.offset, "end": given.offset, "text": ""}
        return {"start": found.start, "end": found.end, "text": found.text}

    @router.get("/{name}", response_model=ScenarioText, tags=["scenarios"])
    def one(asking: Viewer, name: ScenarioName, response: Response) -> dict[str, Any]:  # noqa: ARG001
        """A scenario with its text."""
        found = desk.stored(name)
        response.headers["ETag"] = f'"{found.version}"'
        return {
            "name": found.name,
            "source": found.source,
            "version": found.version,
            "text": found.text,
        }

    @router.put("/{name}", response_model=ScenarioText, tags=["scenarios"])
    def save(
        asking: Runner,
        name: ScenarioName,
        given: ScenarioSaved,
        response: Response,
        if_match: _IfMatch = None,
        if_none_match: _IfNoneMatch = None,
    ) -> dict[str, Any]:
        """Keep a scenario, right or not; what somebody else has saved meanwhile is not lost."""
        kept = desk.save(asking, name, given.text, _version(if_match, if_none_match))
        response.headers["ETag"] = f'"{kept.version}"'
        return {"name": name, "source": "own", "version": kept.version, "text": kept.text}

    @router.delete("/{name}", status_code=204, tags=["scenarios"])
    def remove(asking: Runner, name: ScenarioName, if_match: _IfMatch = None) -> Response:
        """Take away a scenario that is kept here."""
        desk.remove(asking, name, _version(if_match, None))
        return Response(status_code=204)


def _version(if_match: str | None, if_none_match: str | None) -> str | None:
    """The version that is replaced (RFC 9110 13.1)."""
    if if_none_match is not None:
        if if_none_match.strip() != "*":
            raise Malformed("if-none-match", "If-None-Match can be * only: for a new scenario")
        return NEW
    return None if if_match is None else if_match.strip().removeprefix("W/").strip('"')
