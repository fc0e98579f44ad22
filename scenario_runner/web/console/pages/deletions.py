"""``/deletions``: those that wait for a second person."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from scenario_runner.service.permissions import Permission
from scenario_runner.service.studies import finding
from scenario_runner.web.console.asking import Deleter
from scenario_runner.web.console.page import Desk, Group, Page
from scenario_runner.web.console.pages.studies import place

PATH: Final = "/deletions"
_NAMED: Final = 50
"""Studies whose patients are told, of those that wait; an archive is asked for them at once."""
_Number = Annotated[int, Path(ge=1, le=1 << 53)]


def _routes(router: APIRouter, desk: Desk) -> None:
    service = desk.service

    @router.get(PATH)
    def deletions(request: Request, _: Deleter) -> Response:
        waiting = service.deletions.waiting()
        return desk.show(
            request,
            "deletions/list.html.j2",
            waiting=waiting,
            names=finding.names_of(service, [one.study for one in waiting[:_NAMED]]),
            second_person=service.deletions.second_person,
            place=place,
        )

    @router.post(PATH + "/{number}/consent")
    def consent(asking: Deleter, number: _Number) -> Response:
        finding.decide(service, asking, number, consent=True)
        return Response(status_code=204, headers={"HX-Redirect": PATH})

    @router.post(PATH + "/{number}/refuse")
    def refuse(asking: Deleter, number: _Number) -> Response:
        finding.decide(service, asking, number, consent=False)
        return Response(status_code=204, headers={"HX-Redirect": PATH})


PAGE = Page(
    name="deletions", path=PATH, group=Group.STUDIES, needs=Permission.DELETE, routes=_routes
)
