"""``/login/provider``: to the house's OpenID provider, and back from it with a session.

The browser comes back by a link of another site, with which it sends no cookie that is ``Strict``: so what it keeps
meanwhile is ``Lax``, and it is let in by a page of ours that leads on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote, unquote

from fastapi import Response
from fastapi.responses import RedirectResponse
from starlette.requests import Request

from scenario_runner.service.errors import NotThere, ServiceError
from scenario_runner.web.auth import login
from scenario_runner.web.auth.allowed import anybody, came_from, gate_of
from scenario_runner.web.auth.proofs import is_secure, session_of
from scenario_runner.web.console.places import LOGIN, own_place

if TYPE_CHECKING:
    from fastapi import APIRouter

    from scenario_runner.service.accounts.provider_login import ProviderLogin
    from scenario_runner.web.console.rendering import Renderer

PROVIDER: Final = f"{LOGIN}/provider"
BACK: Final = f"{PROVIDER}/back"
_KEPT: Final = "fabricator-provider"
_MINUTES: Final = 15
"""How long somebody may take at the provider."""


def provider_routes(router: APIRouter, show: Renderer) -> None:
    """Add them to a router."""

    @router.get(PROVIDER, dependencies=[anybody()])
    def go(request: Request, next: str = "/") -> Response:  # noqa: A002 - as the link has it
        begun = _provider(request).begin(_back(request))
        answer = RedirectResponse(begun.url, 303, {"Cache-Control": "no-store"})
        kept = f"{begun.kept}/{quote(own_place(next), safe='')}"
        _keep(request, answer, kept, _MINUTES * 60)
        return answer

    @router.get(BACK, dependencies=[anybody()])
    def back(request: Request, where: Annotated[str, came_from()]) -> Response:
        gate, provider = gate_of(request), _provider(request)
        kept, _, place = request.cookies.get(_KEPT, "").partition("/")
        try:
            caller = provider.finish(kept, request.query_params, _back(request))
        except ServiceError as error:
            gate.logins.refused_by_provider(provider.issuer, where, error.code)
            answer = show(
                request,
                "login_refused.html.j2",
                status=403,
                problem={
                    "detail": error.message,
                    "hint": error.hint,
                    "errors": [],
                    "code": error.code,
                },
            )
        else:
            before = session_of(request)
            session = gate.logins.came_from_provider(caller, provider.issuer, where, before)
            answer = show(request, "login_done.html.j2", next=own_place(unquote(place) or "/"))
            login.keep_session(request, answer, session)
        answer.headers["Cache-Control"] = "no-store"
        _keep(request, answer, "", 0)
        return answer


def _provider(request: Request) -> ProviderLogin:
    provider = gate_of(request).options.provider
    if provider is None:
        raise NotThere("no-provider", "here one logs in with a password")
    return provider


def _back(request: Request) -> str:
    root: str = request.state.root
    return root + BACK


def _keep(request: Request, answer: Response, value: str, seconds: int) -> None:
    secure = "; Secure" if is_secure(request) else ""
    answer.headers.append(
        "Set-Cookie",
        f"{_KEPT}={value}; HttpOnly; SameSite=Lax; Path={PROVIDER}; Max-Age={seconds}{secure}",
    )
