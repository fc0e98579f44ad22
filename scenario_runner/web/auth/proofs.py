"""What a request shows to prove who asks: a key or token in a header, a cookie, or nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.secrets import API_KEY, VIEWER_TOKEN

if TYPE_CHECKING:
    from starlette.requests import Request

KEY_HEADER: Final = "X-API-Key"
CSRF_HEADER: Final = "X-CSRF-Token"
WATCHING_HEADER: Final = "X-Watching"
"""What a page sends with what it asks for again by itself."""
_SESSION: Final = "fabricator-session"
_DEVICE: Final = "fabricator-device"
_HOST: Final = "__Host-"
"""Browsers take a cookie of this prefix only from the host itself, for the whole of it, over TLS."""
_PROXIED: Final = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
)


class Kind(Enum):
    """What sort of proof it is."""

    NONE = "none"
    API_KEY = "api-key"
    VIEWER_TOKEN = "viewer-token"  # noqa: S105 - a kind, no secret
    BEARER = "bearer"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that was shown, not yet looked at."""

    kind: Kind
    secret: str = ""

    @property
    def is_ambient(self) -> bool:
        """Whether a browser sends it along by itself, with requests of strangers' pages too."""
        return self.kind in (Kind.NONE, Kind.SESSION)


def asks_alone(request: Request) -> bool:
    """Whether a page asks by itself, with nobody there for sure: for a stream of events (HTML 9.2.3), or again.

    Or it loads itself anew, as that of a run does when the run has ended: what a person goes to, or loads again, a
    browser sends with ``Sec-Fetch-User`` (Fetch Metadata 2.4).
    """
    headers = request.headers
    accepted = headers.get("accept", "")
    if WATCHING_HEADER in headers or accepted.startswith("text/event-stream"):
        return True
    return headers.get("sec-fetch-mode") == "navigate" and "sec-fetch-user" not in headers


def proof_of(request: Request) -> Proof:
    """What a header shows goes before a cookie: who sends one means it."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _token(given.strip())
    if key := request.headers.get(KEY_HEADER):
        return Proof(Kind.API_KEY, key)
    if session := session_of(request):
        return Proof(Kind.SESSION, session)
    return Proof(Kind.NONE)


def _token(given: str) -> Proof:
    if given.startswith(API_KEY):
        return Proof(Kind.API_KEY, given)
    if given.startswith(VIEWER_TOKEN):
        return Proof(Kind.VIEWER_TOKEN, given)
    return Proof(Kind.BEARER, given)


def is_secure(request: Request) -> bool:
    """Whether the client speaks TLS, to us or to a proxy that is trusted."""
    root: str = request.state.root
    return root.startswith("https:")


def session_cookie(request: Request) -> str:
    """The name of the cookie with the session."""
    return (_HOST if is_secure(request) else "") + _SESSION


def device_cookie(request: Request) -> str:
    """The name of the cookie that a browser is known by that has logged in before."""
    return (_HOST if is_secure(request) else "") + _DEVICE


def session_of(request: Request) -> str | None:
    """The secret of the session that the browser has."""
    return request.cookies.get(session_cookie(request))


def device_of(request: Request) -> str | None:
    """The secret that the browser is known by."""
    return request.cookies.get(device_cookie(request))


def is_proxied(request: Request) -> bool:
    """Whether a proxy says that it passes the request on: it may come from anywhere."""
    return any(name in request.headers for name in _PROXIED)
