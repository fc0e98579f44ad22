"""Whatever is sent has to come at some pace: a body that trickles in is broken off in words."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from scenario_runner.pacs.dicomweb.address import client_of
from scenario_runner.service.accounts.attempts import place_of
from scenario_runner.service.errors import TooSlow
from scenario_runner.service.paces import Paces
from scenario_runner.web.auth.gate import SAFE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scenario_runner.pacs.options import WebOptions
    from scenario_runner.service.paces import Pace, Paced

_CLOSED: Final = {"Connection": "close"}
"""The rest of the body is not waited for (RFC 9110 15.5.9)."""


class SlowBody(HTTPException):
    """A body that comes too slowly: a refusal that the framework passes on wherever it reads a body."""

    def __init__(self, error: TooSlow) -> None:
        super().__init__(408, error.message, _CLOSED)
        self.hint = error.hint


class PacedBodies:
    """Watches how the bodies of requests come, whoever reads them."""

    def __init__(self, app: ASGIApp, pace: Pace, options: WebOptions) -> None:
        self._app = app
        self._paces = Paces(pace)
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; reading its body raises SlowBody."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        address = client_of(Request(scope), self._options)
        paced = self._paces.begin(place_of(address))
        is_whole = is_over = False

        async def watched() -> Message:
            nonlocal is_whole, is_over
            if is_over:
                return {"type": "http.disconnect"}
            if is_whole:  # what still comes says that the client has gone
                return await receive()
            try:
                message = await self._next(receive, paced)
            except TooSlow as error:
                is_over = True
                raise SlowBody(error) from error
            is_whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        try:
            await self._app(scope, watched, send)
        finally:
            paced.end()

    async def _next(self, receive: Receive, paced: Paced) -> Message:
        clock = self._paces.clock
        while True:
            began, message = clock(), None
            with contextlib.suppress(TimeoutError):
                # For each message of a large body: anyio's takes several times as long.
                async with asyncio.timeout(paced.patience()):
                    message = await receive()
            if message is not None and not message.get("more_body", False):
                return message
            paced.waited(clock() - began, 0 if message is None else len(message["body"]))
            if message is not None:
                return message
