"""``/pacs``: the systems of the site file, and whether they answer."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.api import Deadline
from scenario_runner.app.peers import PeerRequest
from scenario_runner.app.systems import states, systems, tested
from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Permission
from scenario_runner.web.console.asking import Runner
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.navigation import Group
from scenario_runner.web.console.page import Desk, Page, Panel
from scenario_runner.web.console.pages.attention import attention
from scenario_runner.web.console.pages.pacs_editing import editing_routes
from scenario_runner.web.console.pages.pacs_learning import learning_routes

_PATIENCE: Final = 15.0
"""Seconds that a system has for all its answers."""
_GLANCE: Final = 5.0
"""Seconds that the dashboard gives all of them."""


def _routes(router: APIRouter, desk: Desk) -> None:
    editing_routes(router, desk)
    learning_routes(router, desk)

    @router.get("/pacs")
    def overview(request: Request, asking: Runner) -> Response:
        del asking
        return desk.show(
            request,
            "pacs/page.html.j2",
            systems=systems(desk.site, desk.around),
            site=None if desk.site is None else desk.site.name,
        )

    @router.post("/pacs/test")
    def test(request: Request, asking: Runner, fields: Fields) -> Response:
        del asking
        wanted = PeerRequest(
            peer=fields.get("peer", "").strip(),
            site=desk.site,
            calling=fields.get("calling", "").strip() or None,
            allow_production=fields.get("allow_production") == "on",
            around=desk.around,
        )
        answers = tested(wanted, Deadline(_PATIENCE, desk.stopping))
        return desk.show(request, "pacs/answers.html.j2", answers=answers, peer=wanted.peer)

    @router.post("/pacs/states")
    def glance(request: Request, asking: Runner) -> Response:
        wanted = PeerRequest(peer="", site=desk.site, around=desk.around)
        found = states(wanted, Deadline(_GLANCE, desk.stopping))
        return desk.show(
            request, "pacs/states.html.j2", states=found, attention=attention(desk, asking, found)
        )


def _known(desk: Desk, asking: Asking) -> dict[str, Any]:
    del asking
    return {"any": bool(systems(desk.site, desk.around))}


PAGE = Page(
    name="pacs",
    path="/pacs",
    routes=_routes,
    group=Group.SYSTEMS,
    needs=Permission.RUN,
    panel=Panel("pacs/panel.html.j2", _known),
)
