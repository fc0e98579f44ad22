"""Deletions that wait for a second person: listed, consented to, refused."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel

from scenario_runner.service.service import Service
from scenario_runner.service.studies import finding
from scenario_runner.web.imaging.asking import Deleter
from scenario_runner.web.problems import Problem

_Number = Annotated[int, Path(ge=1, le=1 << 53, description="Of the request.")]

_DECIDED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": Problem, "description": "It is decided already."}
}


class AskedDeletion(BaseModel):
    """A request to delete a study."""

    number: int
    study_instance_uid: str
    reason: str
    asked_by: str
    asked: dt.datetime
    decided_by: str | None
    decided: dt.datetime | None
    state: Literal["waiting", "approved", "refused"]


class WaitingDeletions(BaseModel):
    """Those that wait, the oldest first."""

    total: int
    deletions: list[AskedDeletion]


def deletion_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""

    @router.get("/deletions", response_model=WaitingDeletions, tags=["studies"])
    def deletions(asking: Deleter) -> dict[str, Any]:  # noqa: ARG001 - who may delete may see
        """Deletions that wait for a second person."""
        found = [one.as_json() for one in service.deletions.waiting()]
        return {"total": len(found), "deletions": found}

    @router.post(
        "/deletions/{number}/consent",
        response_model=AskedDeletion,
        responses=_DECIDED,
        tags=["studies"],
    )
    def consent(asking: Deleter, number: _Number) -> dict[str, Any]:
        """Consent to a deletion that somebody else has asked for; the study is taken away."""
        return finding.decide(service, asking, number, consent=True).as_json()

    @router.post(
        "/deletions/{number}/refuse",
        response_model=AskedDeletion,
        responses=_DECIDED,
        tags=["studies"],
    )
    def refuse(asking: Deleter, number: _Number) -> dict[str, Any]:
        """Refuse a deletion, or take back one's own request; the study stays."""
        return finding.decide(service, asking, number, consent=False).as_json()
