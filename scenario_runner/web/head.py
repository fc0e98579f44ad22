"""HEAD wherever GET is answered (RFC 9110 9.3.2): the same header fields, and nothing is made that is not sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import anyio

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


_ASKED: Final = "head"


def is_head(request: Request) -> bool:
    """Whether a client asks for the header fields only, which an endpoint is asked for by GET."""
    return _ASKED in request.scope.get("state", {})


class AnswersHead:
    """Asks an application for GET when a client has asked for HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; of the answer to HEAD the header fields only."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[_ASKED] = True
        asked = {**scope, "method": "GET"}
        with anyio.CancelScope() as answered:

            async def headers(message: Message) -> None:
                if message["type"] != "http.response.body":
                    await send(message)
                    return
                # The server has to know the length said before; it leaves the bytes of a HEAD out by itself.
                await send({**message, "more_body": False})
                if message.get("more_body", False):
                    answered.cancel()

            await self._app(asked, receive, headers)
        if "route" in asked:
            scope["route"] = asked["route"]
