"""``POST upload``, ``upload-multiple`` and what became of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated, Any, Final

import anyio
import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse

from scenario_runner.service.asking import Asking
from scenario_runner.service.errors import NotThere, Unacceptable
from scenario_runner.service.permissions import Permission
from scenario_runner.service.service import Service
from scenario_runner.service.studies.corrections import changes_of
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.outcome import UploadOutcome
from scenario_runner.service.uploads.uploading import Uploading, run
from scenario_runner.web.auth.allowed import gate_of
from scenario_runner.web.forms import Form, with_form
from scenario_runner.web.imaging.asking import Limit, Offset, Uploader, Viewer
from scenario_runner.web.imaging.models import UploadPage, UploadRecord, UploadResult
from scenario_runner.web.text import Text

_LOOK: Final = 0.1
"""Seconds after which it is looked whether an upload has come further."""
_ADMIT: Final = 20
"""Looks after which it is asked whether whoever watches may still."""
FIELDS: Final = ("file", "files")
UploadId = Annotated[
    str | None,
    Query(
        description="A UUID of the client's choice, by which progress can be followed meanwhile."
    ),
]


def form_of(name: str, *, many: bool) -> dict[str, Any]:
    """The description of a request with files."""
    one = {"type": "string", "format": "binary"}
    field = {"type": "array", "items": one, "minItems": 1} if many else one
    schema = {"type": "object", "properties": {name: field}, "required": [name]}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def one_file_only(hint: str = "send each in a request of its own") -> Unacceptable:
    """What a request is refused with that brings several files where one is taken."""
    return Unacceptable("one-file-only", "here a single file is taken", hint=hint)


def upload_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""

    async def uploaded(
        request: Request,
        asking: Asking,
        kind: str,
        upload_id: str | None,
        *,
        single: bool = False,
        packed: bool = False,
    ) -> dict[str, Any]:
        def use(form: Form) -> UploadOutcome:
            uploading = Uploading(service, asking, kind, upload_id)

            def take(one: Uploading) -> None:
                for number, file in enumerate(form.files(*FIELDS)):
                    if number and single:
                        raise one_file_only("send several to upload-multiple")
                    if packed:
                        one.unpack(file.chunks)
                    else:
                        one.take(file.name, file.chunks)

            return run(uploading, take)

        return answered(await with_form(request, service.limits.upload, use))

    @router.post(
        "/upload",
        status_code=201,
        response_model=UploadResult,
        openapi_extra=form_of("file", many=False),
        tags=["uploads"],
    )
    async def upload(
        request: Request, asking: Uploader, upload_id: UploadId = None
    ) -> dict[str, Any]:
        """Store one file."""
        return await uploaded(request, asking, "upload", upload_id, single=True)

    @router.post(
        "/upload-multiple",
        status_code=201,
        response_model=UploadResult,
        openapi_extra=form_of("files", many=True),
        tags=["uploads"],
    )
    async def upload_multiple(
        request: Request, asking: Uploader, upload_id: UploadId = None
    ) -> dict[str, Any]:
        """Store several files; each has its own result, and those that fail can be sent again alone."""
        return await uploaded(request, asking, "upload-multiple", upload_id)

    @router.post(
        "/upload-zip",
        status_code=201,
        response_model=UploadResult,
        openapi_extra=form_of("file", many=False),
        tags=["uploads"],
    )
    async def upload_zip(
        request: Request, asking: Uploader, upload_id: UploadId = None
    ) -> dict[str, Any]:
        """Store the files of a zip archive, those of archives in it too; each member has its own result."""
        return await uploaded(request, asking, "upload-zip", upload_id, single=True, packed=True)


def record_routes(router: APIRouter, service: Service) -> None:
    """What became of uploads."""

    @router.get("/uploads", response_model=UploadPage, tags=["uploads"])
    def uploads(_: Viewer, limit: Limit = 50, offset: Offset = 0) -> dict[str, Any]:
        """What was uploaded, the newest first."""
        found, total = records.page(service.database, limit, offset)
        return {"uploads": found, "total": total, "limit": limit, "offset": offset}

    @router.get("/uploads/patient/{patient_id:path}", response_model=UploadPage, tags=["uploads"])
    def uploads_of_patient(
        _: Viewer,
        patient_id: Annotated[Text, Path(description="The Patient ID.")],
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> dict[str, Any]:
        """Uploads that brought a study that is this patient's now, the newest first."""
        found, total = records.page(service.database, limit, offset, patient_id)
        return {"uploads": found, "total": total, "limit": limit, "offset": offset}

    @router.get(
        "/uploads/{upload_id}/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Its progress."}},
        tags=["uploads"],
    )
    async def events_of(request: Request, upload_id: Text, _: Viewer) -> StreamingResponse:
        """How far an upload is, as server-sent events: `progress` while it is under way, then `ended`."""
        if await anyio.to_thread.run_sync(records.get, service.database, upload_id) is None:
            raise _unknown(upload_id)
        may_still = partial(gate_of(request).is_still_admitted, request, Permission.VIEW)
        events = _events(service, upload_id, may_still)
        return StreamingResponse(events, media_type="text/event-stream")

    @router.get("/uploads/{upload_id}", response_model=UploadRecord, tags=["uploads"])
    def upload_of(
        _: Viewer, upload_id: Annotated[Text, Path(description="As the upload was answered.")]
    ) -> dict[str, Any]:
        """An upload with its files, what conformance says of each, and what was corrected since."""
        return log_of(service, upload_id)


def answered(outcome: UploadOutcome) -> dict[str, Any]:
    """An upload as it is answered."""
    return {
        "upload_id": outcome.id,
        "status": outcome.status,
        "files": [
            {
                "name": one.name,
                "status": one.status,
                "sop_instance_uid": one.sop_instance_uid or None,
                "study_instance_uid": one.study_instance_uid or None,
                "error": one.error or None,
            }
            for one in outcome.files
        ],
        "studies": outcome.studies,
    }


def log_of(service: Service, upload_id: str) -> dict[str, Any]:
    """An upload with its files, its studies and what was corrected since. Raises NotThere."""
    far = service.progress.of(upload_id)
    found = records.get(service.database, upload_id)
    if found is None:
        raise _unknown(upload_id)
    told = answered(found)
    for file, one in zip(told["files"], found.files, strict=True):
        file |= {"code": one.code or None, "size": one.size, "findings": one.findings}
    uids = [one["study_instance_uid"] for one in found.studies]
    return {
        **records.summary(found),
        "files": told["files"],
        "studies": found.studies,
        "changes": changes_of(service.database, uids, since=found.begun),
        "progress": far.as_json() if far is not None else None,
    }


def _unknown(upload_id: str) -> NotThere:
    return NotThere("upload-not-found", f"there is no upload '{upload_id[:80]}'")


async def _events(
    service: Service, upload_id: str, may_still: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    last, looks = None, 0
    while (far := service.progress.of(upload_id)) is not None:
        looks += 1
        if looks % _ADMIT == 0 and not await may_still():
            return
        if far != last:
            yield f"event: progress\ndata: {json.dumps(far.as_json())}\n\n"
            last = far
        await anyio.sleep(_LOOK)
    found = await anyio.to_thread.run_sync(records.get, service.database, upload_id)
    if found is not None:
        yield f"event: ended\ndata: {json.dumps(answered(found))}\n\n"
