"""``/login``, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Response
from starlette.requests import Request

from scenario_runner.service.permissions import Caller
from scenario_runner.web.auth import login
from scenario_runner.web.auth.allowed import anybody, came_from, gate_of, known
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.places import LOGIN, LOGOUT, own_place
from scenario_runner.web.console.provider_pages import provider_routes

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.web.console.rendering import Renderer


def login_routes(router: APIRouter, show: Renderer) -> None:
    """Add them to a router."""
    provider_routes(router, show)

    @router.get(LOGIN, dependencies=[anybody()])
    def page(request: Request, next: str = "/") -> Response:  # noqa: A002 - as the link has it
        provider = gate_of(request).options.provider
        label = None if provider is None else provider.label
        return show(request, "login.html.j2", next=own_place(next), provider=label)

    @router.post(LOGIN, dependencies=[anybody()])
    def log_in(request: Request, fields: Fields, where: Annotated[str, came_from()]) -> Response:
        given = login.Credentials(
            name=fields.get("name", "")[:256], password=fields.get("password", "")[:1024]
        )
        response = Response(
            status_code=204,
            headers={
                "HX-Redirect": own_place(fields.get("next", "/")),
                "Cache-Control": "no-store",
            },
        )
        login.keep(request, response, login.enter(request, given, where))
        return response

    @router.post(LOGOUT)
    def log_out(
        request: Request, caller: Annotated[Caller, known()], where: Annotated[str, came_from()]
    ) -> Response:
        response = login.log_out(request, caller, where)
        response.headers["HX-Redirect"] = LOGIN
        return response
