"""The endpoints of the imaging API, gathered."""

from __future__ import annotations

from fastapi import APIRouter

from scenario_runner.service.service import Service
from scenario_runner.web.imaging.deletions import deletion_routes
from scenario_runner.web.imaging.pictures import picture_routes
from scenario_runner.web.imaging.resuming import resumable_routes
from scenario_runner.web.imaging.studies import study_routes
from scenario_runner.web.imaging.tags import tag_routes
from scenario_runner.web.imaging.uploads import record_routes, upload_routes

PREFIX = "/api/v1/dicom"


def imaging_router(service: Service) -> APIRouter:
    """All of them, for one service."""
    router = APIRouter(prefix=PREFIX)
    upload_routes(router, service)
    resumable_routes(router, service)
    record_routes(router, service)
    study_routes(router, service)
    tag_routes(router, service)
    picture_routes(router, service)
    deletion_routes(router, service)
    return router
