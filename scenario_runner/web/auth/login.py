"""Log in, see who one is, change one's password, log out: ``/api/v1/auth``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scenario_runner.service.accounts.attempts import DEVICE_KEPT
from scenario_runner.service.accounts.logins import Attempt, LoggedIn
from scenario_runner.service.accounts.secrets import csrf_of
from scenario_runner.service.errors import Unacceptable
from scenario_runner.service.permissions import Arrival, Caller
from scenario_runner.web.auth import proofs
from scenario_runner.web.auth.allowed import anybody, came_from, gate_of, known
from scenario_runner.web.text import Text

router = APIRouter(prefix="/api/v1/auth", tags=["login"])

_SET: Final = "HttpOnly; SameSite=Strict; Path=/"


class Credentials(BaseModel):
    """A name and a password."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "joy", "password": "four words, nothing in common"}]
        },
    )

    name: Text = Field(max_length=256, description="Of the account, in any case.")
    password: Text = Field(max_length=1024, description="Its password.")


class NewPassword(BaseModel):
    """A change of one's own password."""

    model_config = ConfigDict(extra="forbid")

    old: Text = Field(max_length=1024, description="The one until now.")
    new: Text = Field(max_length=1024, description="The one from now on.")


class Self(BaseModel):
    """Who asks, as the service knows them."""

    name: str = Field(description="Of the account.")
    roles: list[str] = Field(description="Its roles.")
    permissions: list[str] = Field(description="What they allow.")
    arrival: str = Field(description="How the caller was known: a session, an API key, …")
    csrf_token: str | None = Field(
        None, description=f"Of a session: what changes send in {proofs.CSRF_HEADER}."
    )
    ends: dt.datetime | None = Field(None, description="When a session ends at the latest.")


@router.post("/login", dependencies=[anybody()], response_model=Self)
def log_in(
    request: Request, credentials: Credentials, where: Annotated[str, came_from()]
) -> Response:
    """Log in with name and password; the session comes as a cookie that no page can read."""
    done = enter(request, credentials, where)
    shown = _self(request, done.caller, done.session)
    response = JSONResponse(shown.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
    keep(request, response, done)
    return response


def enter(request: Request, credentials: Credentials, where: str) -> LoggedIn:
    """Log in. Raises NotLoggedIn, TooManyAttempts."""
    return gate_of(request).logins.log_in(
        Attempt(
            credentials.name,
            credentials.password,
            where,
            proofs.session_of(request),
            proofs.device_of(request),
        )
    )


def keep(request: Request, response: Response, done: LoggedIn) -> None:
    """Have the browser keep its session, and what it is known by."""
    _set(request, response, proofs.session_cookie(request), done.session, None)
    _set(request, response, proofs.device_cookie(request), done.device, DEVICE_KEPT)


@router.get("/session")
def session(request: Request, response: Response, caller: Annotated[Caller, known()]) -> Self:
    """Who one is, and what a page sends with changes."""
    response.headers["Cache-Control"] = "no-store"
    has_session = caller.arrival is Arrival.SESSION
    return _self(request, caller, proofs.session_of(request) if has_session else None)


@router.post("/logout", status_code=204)
def log_out(
    request: Request, caller: Annotated[Caller, known()], where: Annotated[str, came_from()]
) -> Response:
    """End the session; what else is logged in of the account stays so."""
    secret = proofs.session_of(request)
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache", "storage"'})
    if caller.arrival is Arrival.SESSION and secret is not None:
        gate_of(request).logins.log_out(caller, secret, where)
    _set(request, response, proofs.session_cookie(request), "", dt.timedelta(0))
    return response


@router.post("/password", status_code=204)
def change_password(
    request: Request,
    change: NewPassword,
    caller: Annotated[Caller, known()],
    where: Annotated[str, came_from()],
) -> Response:
    """Change one's own password; every session of the account ends, this one too."""
    gate = gate_of(request)
    if caller.arrival is not Arrival.SESSION:
        raise Unacceptable(
            "no-password", "only who has logged in with a password can change it here"
        )
    gate.logins.confirm(caller.name, change.old, where, proofs.device_of(request))
    gate.accounts.set_password(caller.name, change.new, caller)
    return Response(status_code=204)


def _self(request: Request, caller: Caller, secret: str | None) -> Self:
    return Self(
        name=caller.name,
        roles=sorted(caller.roles),
        permissions=sorted(caller.permissions),
        arrival=caller.arrival,
        csrf_token=None if secret is None else csrf_of(secret),
        ends=None if secret is None else gate_of(request).sessions.ends(secret),
    )


def keep_session(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session."""
    _set(request, response, proofs.session_cookie(request), secret, None)


def _set(
    request: Request, response: Response, name: str, value: str, lasting: dt.timedelta | None
) -> None:
    secure = "; Secure" if proofs.is_secure(request) else ""
    age = "" if lasting is None else f"; Max-Age={int(lasting.total_seconds())}"
    response.headers.append("Set-Cookie", f"{name}={value}; {_SET}{secure}{age}")
