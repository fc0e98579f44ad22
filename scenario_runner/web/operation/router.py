"""``/health``, ``/ready`` and ``/metrics``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from scenario_runner.pacs.looking import Looks
from scenario_runner.service.meters import CONTENT_TYPE, Meters
from scenario_runner.service.permissions import Permission
from scenario_runner.service.readiness import Check, Readiness, readiness
from scenario_runner.web.auth.allowed import allowed, anybody

LOGGER = logging.getLogger(__name__)


def operation_router(
    meters: Meters, checks: Mapping[str, Check], observer: Any = None
) -> APIRouter:
    """For one service. checks: what has to work, by name.

    observer: a dependency that lets in whoever may see the numbers; by default those who have the permission.
    """
    router = APIRouter(tags=["operation"])
    silent = Readiness(tuple(checks), dict.fromkeys(checks, "no answer in time"))
    looks = Looks(partial(readiness, checks), silent)

    @router.get("/health", dependencies=[anybody()])
    def health() -> dict[str, str]:
        """Whether the process answers at all; who starts it again asks this."""
        return {"status": "ok"}

    @router.get(
        "/ready",
        dependencies=[anybody()],
        responses={503: {"description": "Something that it needs does not work."}},
    )
    async def ready(response: Response) -> dict[str, Any]:
        """Whether it can do its work; who sends it requests asks this."""
        found = await looks.found()
        for name, why in found.wrong.items():
            LOGGER.warning("not ready: %s: %s", name, why)
        if not found.is_ready:
            response.status_code = 503
        response.headers["Cache-Control"] = "no-store"
        return found.as_json()

    @router.get(
        "/metrics",
        dependencies=[observer or allowed(Permission.OBSERVE)],
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def metrics() -> Response:
        """Numbers in Prometheus's text format."""
        return Response(meters.text(), headers={"Content-Type": CONTENT_TYPE})

    return router
