"""All faces of the service as one application."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.pacs.dicomweb.app import PREFIX, make_app
from scenario_runner.pacs.options import WebOptions
from scenario_runner.service.paces import Pace
from scenario_runner.service.readiness import Check, checks_of
from scenario_runner.version import __version__
from scenario_runner.web import docs_page
from scenario_runner.web.addresses import Addresses
from scenario_runner.web.auth import login
from scenario_runner.web.auth.dicomweb import GatedDicomWeb
from scenario_runner.web.auth.entrance import Entrance
from scenario_runner.web.auth.gate import Gate
from scenario_runner.web.bodies import BoundedBodies
from scenario_runner.web.head import AnswersHead
from scenario_runner.web.headers import SecurityHeaders
from scenario_runner.web.hosts import OwnNames
from scenario_runner.web.openapi import described
from scenario_runner.web.operation.measured import Measured
from scenario_runner.web.operation.router import operation_router
from scenario_runner.web.paced import PacedBodies
from scenario_runner.web.problems import answer_with_problems

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from scenario_runner.pacs.dicomweb.desk import WebDesk
    from scenario_runner.pacs.http_port import Breaker
    from scenario_runner.service.service import Service
    from scenario_runner.web.console.router import Console

API: Final = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """What is served, and by which names.

    routers: below no prefix of ours; each has its own. dicomweb: what answers below ``/dicom-web``.
    """

    service: Service
    dicomweb: WebDesk
    gate: Gate
    options: WebOptions = field(default_factory=WebOptions)
    pace: Pace = field(default_factory=Pace)
    """How slowly bodies may come."""
    routers: Sequence[APIRouter] = ()
    console: Console | None = None
    """The pages; without them there is nothing at ``/``."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """What has to work besides database, archive and disk, by name."""


def create(faces: Faces, break_off: Breaker) -> ASGIApp:
    """The application: the API and its description, DICOMweb, and what the routers add."""
    api = FastAPI(
        title="DICOM Fabricator",
        version=__version__,
        description="Imaging studies taken in, checked, matched, corrected, shown and given out.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        strict_content_type=False,
    )
    api.state.service = faces.service
    pages = faces.console
    answer_with_problems(api, None if pages is None else pages.problems)
    operation = operation_router(faces.service.meters, {**checks_of(faces.service), **faces.checks})
    for router in (docs_page.router, login.router, operation, *faces.routers):
        api.include_router(router)
    if pages is not None:
        api.include_router(pages.router)
    described(api)
    dicomweb = GatedDicomWeb(
        make_app(faces.dicomweb, break_off), faces.gate, faces.service.deletions
    )
    asked = BoundedBodies(AnswersHead(Addresses(api)))
    paced = PacedBodies(_Split(dicomweb, asked), faces.pace, faces.options)
    gated = Entrance(paced, faces.gate)
    guarded = SecurityHeaders(OwnNames(gated, faces.options))
    return Measured(guarded, faces.service.meters)


class _Split:
    """DICOMweb below its prefix, all the rest to the API."""

    def __init__(self, dicomweb: ASGIApp, api: ASGIApp) -> None:
        self._dicomweb = dicomweb
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_dicomweb = path == PREFIX or path.startswith(PREFIX + "/")
        await (self._dicomweb if is_dicomweb else self._api)(scope, receive, send)
