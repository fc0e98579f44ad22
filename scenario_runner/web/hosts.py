"""Every request by a name of ours: else a page of a stranger could read what it asks for (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.requests import Request

from scenario_runner.pacs.dicomweb.address import root_of
from scenario_runner.pacs.dicomweb.desk import WebError
from scenario_runner.web.problems import answered

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from scenario_runner.pacs.options import WebOptions


class OwnNames:
    """Refuses requests for other hosts; ``request.state.root`` is the URL the client reached us by."""

    def __init__(self, app: ASGIApp, options: WebOptions) -> None:
        self._app = app
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer 421."""
        if scope["type"] == "http":
            try:
                root = root_of(Request(scope), self._options)
            except WebError as error:
                await answered(error)(scope, receive, send)
                return
            scope.setdefault("state", {})["root"] = root
        await self._app(scope, receive, send)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
