"""``/health`` and ``/ready`` of the embedded PACS: what a balancer, Kubernetes or a script asks, who know no login."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from scenario_runner.errors import MachineError, described

if TYPE_CHECKING:
    from starlette.requests import Request

    from scenario_runner.pacs.dicomweb.desk import WebDesk

LOGGER = logging.getLogger(__name__)
_PATIENCE: Final = 3.0
"""Seconds after which a look that has not ended is taken for a bad one: a database that stands still takes far longer."""
_FRESH: Final = {"Cache-Control": "no-store"}


def probes(desk: WebDesk) -> list[Route]:
    """Neither needs a login, neither says more than whether it is so, and no fault that is switched on touches them."""
    looks = _Looks(desk)

    def health(request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def ready(request: Request) -> Response:
        del request
        works = not desk.stopping.is_set() and await looks.works()
        status = "ready" if works else "not-ready"
        return JSONResponse({"status": status}, 200 if works else 503, headers=_FRESH)

    return [Route("/health", health), Route("/ready", ready)]


class _Looks:
    """At the archive, one at a time however many ask: anybody may, and each look may wait for a database that is away."""

    def __init__(self, desk: WebDesk) -> None:
        self._desk = desk
        self._look: Future[bool] | None = None

    async def works(self) -> bool:
        """What the look under way, or a new one, finds; False where that takes too long."""
        if self._look is None or self._look.done():
            self._look = Future()
            # Nobody waits for it at the end: what it waits for may not come.
            looking = threading.Thread(
                target=self._works, args=(self._look,), name="ready", daemon=True
            )
            try:
                looking.start()
            except RuntimeError as error:  # the system gives no thread
                self._look.set_result(False)
                LOGGER.warning("not ready: %s", error)
        await asyncio.wait({asyncio.wrap_future(self._look)}, timeout=_PATIENCE)
        return self._look.done() and self._look.result()

    def _works(self, look: Future[bool]) -> None:
        works = False
        try:
            self._desk.archive.check()
            works = True
        except MachineError as error:
            LOGGER.warning("not ready: %s", error)
        except Exception as error:  # noqa: BLE001 - whoever asks is answered
            LOGGER.warning("not ready: %s", described(error))
        finally:
            look.set_result(works)
