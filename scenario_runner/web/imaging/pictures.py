"""``download``, ``thumbnail``, ``viewer-url`` and ``viewer-token``: a study for eyes and for elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from scenario_runner.service.accounts.viewer_tokens import LONGEST, USUAL
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.service import Service
from scenario_runner.service.studies.finding import facts_of
from scenario_runner.service.studies.packing import packed
from scenario_runner.service.studies.thumbnails import LARGEST, thumbnail
from scenario_runner.service.uploads.records import moment
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.head import is_head
from scenario_runner.web.imaging.asking import StudyUid, Viewer
from scenario_runner.web.imaging.models import ViewerTokenResult, ViewerUrl
from scenario_runner.web.text import GivenStudy

VIEWER = "/viewer"


class Sharing(BaseModel):
    """A study that somebody may look at for a while."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    study_instance_uid: GivenStudy = Field(
        validation_alias=AliasChoices("study_instance_uid", "study_uid"),
        examples=["1.2.826.0.1.3680043.8.498.1"],
    )
    seconds: int = Field(
        int(USUAL.total_seconds()), ge=1, le=int(LONGEST.total_seconds()), description="How long."
    )


def picture_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""

    @router.get(
        "/download/{study_uid}",
        response_class=StreamingResponse,
        responses={200: {"content": {"application/zip": {}}, "description": "The study."}},
        tags=["studies"],
    )
    def download(request: Request, study_uid: StudyUid, asking: Viewer) -> StreamingResponse:
        """A study as a zip archive with a DICOMDIR, made while it is sent."""
        what = Activity.VIEWED if is_head(request) else Activity.DOWNLOADED
        pieces = packed(service, asking, study_uid, what)
        headers = {"Content-Disposition": f'attachment; filename="{quote(study_uid)}.zip"'}
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @router.get(
        "/thumbnail/{study_uid}",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}, "description": "A small picture."}},
        tags=["studies"],
    )
    def small(
        study_uid: StudyUid,
        asking: Viewer,
        size: Annotated[int, Query(ge=16, le=LARGEST, description="Pixels a side.")] = LARGEST,
    ) -> Response:
        """A picture of the study in the window it asks for, a JPEG of at most 256 pixels a side."""
        return Response(
            thumbnail(service, asking, study_uid, size),
            media_type="image/jpeg",
            headers={"Cache-Control": "private, no-cache"},
        )

    @router.get("/viewer-url/{study_uid}", response_model=ViewerUrl, tags=["viewer"])
    def viewer_url(request: Request, study_uid: StudyUid, _: Viewer) -> dict[str, Any]:
        """Where the viewer shows a study, for who is logged in."""
        facts_of(service, study_uid)
        return {"study_instance_uid": study_uid, "url": _url(request, study_uid)}

    @router.post(
        "/viewer-token", status_code=201, response_model=ViewerTokenResult, tags=["viewer"]
    )
    async def viewer_token(request: Request, sharing: Sharing, asking: Viewer) -> dict[str, Any]:
        """A token that shows one study for a short while, and nothing else."""

        def make() -> dict[str, Any]:
            facts_of(service, sharing.study_instance_uid)
            made = gate_of(request).viewer_tokens.make(
                asking.caller,
                sharing.study_instance_uid,
                dt.timedelta(seconds=sharing.seconds),
                asking.from_where,
            )
            return {
                "token": made.token,
                "study_instance_uid": made.study,
                "expires_at": moment(made.expires),
                "url": _url(request, made.study, made.token),
            }

        return await anyio.to_thread.run_sync(make)


def _url(request: Request, study_uid: str, token: str | None = None) -> str:
    query = {"StudyInstanceUIDs": study_uid, **({"token": token} if token else {})}
    return f"{request.state.root}{VIEWER}?{urlencode(query)}"
