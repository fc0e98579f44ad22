"""In front of every face: the gate is at hand, and pages of strangers cannot have a browser change things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import Request

from scenario_runner.service.errors import NotAllowed
from scenario_runner.service.rates import TooOften
from scenario_runner.web.auth.gate import SAFE, Gate
from scenario_runner.web.auth.proofs import proof_of
from scenario_runner.web.problems import answered

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_PORTS: Final = {"http": 80, "https": 443}


class Entrance:
    """Puts the gate into the state of each request; refuses changes that another origin asks for, and floods.

    Where nobody logs in, and where a cookie does it, the browser needs no help of the page to be let in. So
    a request that changes something has to come from a page of ours (``Origin``, ``Sec-Fetch-Site``) or from a
    program, which sends neither.
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 403 or 429."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["gate"] = self._gate
            request = Request(scope)
            try:
                self._gate.count(request)
            except TooOften as refused:
                await answered(refused)(scope, receive, send)
                return
            if _is_strangers(request, self._gate.options.web.allow_origins):
                error = NotAllowed(
                    "cross-site",
                    "a page of another origin may not have a browser change things here",
                )
                await answered(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_strangers(request: Request, allowed: tuple[str, ...]) -> bool:
    if request.method in SAFE or not proof_of(request).is_ambient:
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    return _parts(origin) != _parts(request.state.root) and origin not in allowed


def _parts(origin: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(origin.lower())
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", origin, None
