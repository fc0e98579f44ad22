"""``/account``: who one is, and one's own password."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from scenario_runner.web.auth import login
from scenario_runner.web.console.asking import Known
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.page import Desk
from scenario_runner.web.console.places import LOGIN

PATH: Final = "/account"


def account_routes(router: APIRouter, desk: Desk) -> None:
    """Add them to a router; the page is reached by one's name."""

    @router.get(PATH)
    def account(request: Request, asking: Known) -> Response:
        return desk.show(request, "account/page.html.j2", caller_is=asking.caller)

    @router.post(PATH + "/password")
    def password(request: Request, asking: Known, fields: Fields) -> Response:
        change = login.NewPassword(
            old=fields.get("old", "")[:1_024], new=fields.get("new", "")[:1_024]
        )
        login.change_password(request, change, asking.caller, asking.from_where)
        return Response(status_code=204, headers={"HX-Redirect": LOGIN})
