"""WADO-URI (PS3.18 9): one instance by a link, as a DICOM file or as a picture; for who has no DICOMweb."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from scenario_runner.network.dicomweb.media_types import DICOM, by_preference
from scenario_runner.service.audit.activities import Activity
from scenario_runner.service.errors import NotThere, Unacceptable
from scenario_runner.service.permissions import Caller, Permission
from scenario_runner.service.service import Service
from scenario_runner.showing import NotShownError, Viewport
from scenario_runner.showing.apart import picture
from scenario_runner.web.auth.allowed import Allowed, gate_of

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG"}
_LARGEST: Final = 4_096
_EXPECTED: Final = 32 << 20
"""Bytes of a frame, as far as time is concerned that it may take."""
_PIECE: Final = 1 << 20
_Uid = Annotated[str, Query(pattern=r"^[0-9.]{1,64}$")]
_Pixels = Annotated[int | None, Query(ge=1, le=_LARGEST)]


class _AllowedByQuery(Allowed):
    """The same for the study that the query names, so that a token for one study shows that one."""

    async def __call__(self, request: Request) -> Caller:
        """Raises NotLoggedIn or NotAllowed."""
        study_uid = request.query_params.get("studyUID")
        return await gate_of(request).admit(request, self.permission, study_uid)


_Asked = Annotated[Caller, Depends(_AllowedByQuery(Permission.VIEW))]


def wado_router(service: Service) -> APIRouter:
    """``GET /wado``."""
    router = APIRouter()

    @router.get(
        "/wado",
        response_class=Response,
        responses={200: {"content": {DICOM: {}, "image/jpeg": {}, "image/png": {}}}},
        tags=["wado"],
    )
    async def wado(
        request: Request,
        caller: _Asked,
        requestType: Annotated[str, Query(pattern="^WADO$")],  # noqa: N803
        studyUID: _Uid,  # noqa: N803
        objectUID: _Uid,  # noqa: N803
        seriesUID: str = "",  # noqa: N803
        contentType: str = "image/jpeg",  # noqa: N803
        frameNumber: Annotated[int, Query(ge=1)] = 1,  # noqa: N803
        rows: _Pixels = None,
        columns: _Pixels = None,
    ) -> Response:
        """An instance as it is stored (``contentType=application/dicom``), or a frame of it as a picture."""
        del requestType
        where = gate_of(request).came_from(request)

        def answer() -> Response:
            with service.home.files(studyUID, objectUID) as files:
                for facts, path in files:
                    if seriesUID and facts.series_instance_uid != seriesUID:
                        continue
                    service.trail.record(
                        caller, Activity.VIEWED, studyUID, where, detail={"instance": objectUID}
                    )
                    for accepted in by_preference(contentType):
                        if accepted.covers(DICOM) and accepted.essence != "*/*":
                            return _whole(path)
                        for kind, name in _FORMATS.items():
                            if accepted.covers(kind):
                                size = (columns or rows or _LARGEST, rows or columns or _LARGEST)
                                scaled = Viewport(size) if rows or columns else None
                                return Response(
                                    _drawn(path, frameNumber, scaled, name), media_type=kind
                                )
                    raise Unacceptable(
                        "content-type", f"it can be had as {DICOM}, {' or '.join(_FORMATS)}"
                    )
            raise NotThere("instance-not-found", f"there is no instance {objectUID} in that study")

        return await anyio.to_thread.run_sync(answer)

    return router


def _whole(path: Path) -> Response:
    """The file as it lies there now: open, it is read to its end whatever becomes of its name meanwhile."""
    file = path.open("rb")
    size = os.fstat(file.fileno()).st_size
    return StreamingResponse(_pieces(file), media_type=DICOM, headers={"Content-Length": str(size)})


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _drawn(path: Path, frame: int, scaled: Viewport | None, form: str) -> bytes:
    try:
        image = picture(path, frame, None, scaled, expected=_EXPECTED)
    except (NotShownError, ValueError, OSError) as error:
        raise Unacceptable("no-image", f"it cannot be shown: {error}") from error
    target = io.BytesIO()
    image.save(target, form)
    return target.getvalue()
