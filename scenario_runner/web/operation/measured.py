"""Every request is counted, timed, and has a line in the log: by its route, never by its path."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING, Final

from scenario_runner.pacs.dicomweb.app import PREFIX
from scenario_runner.web.problems import problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scenario_runner.service.meters import Meters

LOGGER = logging.getLogger(__name__)

_PROBLEM: Final = b"application/problem+json"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NONE: Final = "none"
"""The route of what led to none: what strangers ask for must not become labels."""


class Measured:
    """Around everything. An answer has ``X-Request-ID``, which its line in the log has, too."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, begun = uuid.uuid4().hex, time.perf_counter()
        seen = _Seen()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                headers = list(message.get("headers", ()))
                seen.is_problem = any(
                    name.lower() == b"content-type" and value.startswith(_PROBLEM)
                    for name, value in headers
                )
                message = {**message, "headers": [*headers, (b"x-request-id", number.encode())]}
            elif seen.is_problem and not seen.code:
                seen.code = _code(message.get("body", b""))
            await send(message)

        self._meters.under_way.inc()
        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            # The service stops and has waited long enough. Who asked is told, if nothing was said yet; nobody
            # waits for this task any more.
            if seen.status:
                raise
            await _stopping()(scope, receive, noted)
        finally:
            self._meters.under_way.dec()
            self._note(scope, seen, number, time.perf_counter() - begun)

    def _note(self, scope: Scope, seen: _Seen, number: str, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        self._meters.answered(method, route, seen.status, seconds)
        if seen.code:
            self._meters.errors.labels(seen.code).inc()
        if not LOGGER.isEnabledFor(logging.INFO):
            return
        caller = scope.get("state", {}).get("caller")
        LOGGER.info(
            "%s %s %s",
            method,
            route,
            seen.status or "broken off",
            extra={
                "request": number,
                "method": method,
                "route": route,
                "status": seen.status,
                "seconds": round(seconds, 4),
                "code": seen.code or None,
                "caller": None if caller is None else caller.name,
                "arrival": None if caller is None else caller.arrival.value,
            },
        )


def _stopping() -> Response:
    return problem(
        503,
        "stopping",
        "the service was stopped before this was done",
        hint="ask what was kept when it is there again, and send the rest",
    )


class _Seen:
    """What went out. status: 0 when the connection ended before."""

    status = 0
    is_problem = False
    code = ""


def _route(scope: Scope) -> str:
    path: str = scope.get("path", "")
    if path == PREFIX or path.startswith(PREFIX + "/"):
        return PREFIX
    return str(getattr(scope.get("route"), "path", _NONE))


def _code(body: bytes) -> str:
    try:
        found = json.loads(body).get("code")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""
