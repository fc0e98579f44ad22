"""``/``: what is here, what was done last, what needs attention."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from scenario_runner.app.systems import systems
from scenario_runner.service.asking import Asking
from scenario_runner.service.permissions import Permission
from scenario_runner.web.console.asking import Known
from scenario_runner.web.console.page import Desk, Page, Panel
from scenario_runner.web.console.pages.attention import attention


def _routes(router: APIRouter, desk: Desk) -> None:
    @router.get("/")
    def dashboard(request: Request, asking: Known) -> Response:
        shown: list[dict[str, Any]] = [
            {
                "name": page.name,
                "template": page.panel.template,
                "context": page.panel.context(desk, asking),
            }
            for page in desk.pages
            if page.panel is not None
            and (page.needs is None or page.needs in asking.caller.permissions)
        ]
        # Where nothing was done yet, what to begin with comes first.
        shown.sort(key=lambda one: not one["context"].get("leads", False))
        return desk.show(request, "dashboard/page.html.j2", panels=shown)


def _attention(desk: Desk, asking: Asking) -> dict[str, Any]:
    # The panel of the systems asks them, for those who may, and tells this one what they said.
    asks = Permission.RUN in asking.caller.permissions and systems(desk.site, desk.around)
    return attention(desk, asking, None if asks else ())


PAGE = Page(
    name="dashboard",
    path="/",
    routes=_routes,
    panel=Panel("dashboard/attention.html.j2", _attention),
)
