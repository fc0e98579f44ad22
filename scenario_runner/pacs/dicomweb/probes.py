"""``/health`` and ``/ready`` of the embedded PACS: what a balancer, Kubernetes or a script asks, who know no login."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scenario_runner.errors import MachineError

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.pacs.dicomweb.desk import WebDesk

LOGGER = logging.getLogger(__name__)
_AT_ONCE: Final = 4
"""Questions that look at the archive at a time; each may wait for a database that is away, and anybody may ask."""
_FRESH: Final = {"Cache-Control": "no-store"}


def probes(desk: WebDesk) -> list[Route]:
    """Neither needs a login, neither says more than whether it is so, and no fault that is switched on touches them."""
    places = anyio.CapacityLimiter(_AT_ONCE)

    def health(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def ready(request: Request) -> Response:
        del request
        works = not desk.stopping.is_set() and await anyio.to_thread.run_sync(
            _works, desk, limiter=places
        )
        status = "ready" if works else "not-ready"
        return JSONResponse({"status": status}, 200 if works else 503, headers=_FRESH)

    return [Route("/health", health), Route("/ready", ready)]


def _works(desk: WebDesk) -> bool:
    try:
        desk.archive.check()
    except MachineError as error:
        LOGGER.warning("not ready: %s", error)
        return False
    return True
