"""What an address is asked for: by which methods, and with a slash at its end where it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Match

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def methods_of(app: FastAPI, scope: Scope) -> list[str]:
    """What an address answers (RFC 9110 10.2.1); nothing where there is none."""
    found = [method for method in _METHODS if _is_answered(app, scope, method)]
    if "GET" in found:
        found.insert(1, "HEAD")
    if found and "OPTIONS" not in found:
        found.append("OPTIONS")
    return found


def _is_answered(app: FastAPI, scope: Scope, method: str) -> bool:
    asked = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in app.routes)


class Addresses:
    """Answers OPTIONS, and what is asked for with a slash too many, which a redirection would have clients send twice."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, as it was meant."""
        if scope["type"] == "http":
            path: str = scope["path"]
            short = path.rstrip("/")
            if short != path and short and not methods_of(self._app, scope):
                scope["path"] = short
            if scope["method"] == "OPTIONS" and (allowed := self._allowed(scope)):
                allow = {"Allow": ", ".join(allowed)}
                await Response(status_code=204, headers=allow)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _allowed(self, scope: Scope) -> list[str]:
        """What to say where no route answers OPTIONS by itself."""
        return [] if _is_answered(self._app, scope, "OPTIONS") else methods_of(self._app, scope)
