"""``/health`` and ``/ready`` of the embedded PACS: what a balancer, Kubernetes or a script asks, who know no login."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scenario_runner.errors import MachineError
from scenario_runner.pacs.looking import Looks

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.pacs.dicomweb.desk import WebDesk

LOGGER = logging.getLogger(__name__)
_FRESH: Final = {"Cache-Control": "no-store"}


def probes(desk: WebDesk) -> list[Route]:
    """Neither needs a login, neither says more than whether it is so, and no fault that is switched on touches them."""
    looks = Looks(partial(_works, desk), otherwise=False)

    def health(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def ready(request: Request) -> Response:
        del request
        works = not desk.stopping.is_set() and await looks.found()
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
