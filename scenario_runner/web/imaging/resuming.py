"""``uploads/resumable``: uploads that go on after they broke off, by tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

import base64
import binascii
from email.utils import format_datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Request
from fastapi.responses import JSONResponse, Response

from scenario_runner.network.dicomweb.media_types import parse
from scenario_runner.pacs.dicomweb.bodies import Body, drain
from scenario_runner.service.errors import Malformed, WrongMediaType
from scenario_runner.service.service import Service
from scenario_runner.service.uploads.resuming import Begun, Resumable
from scenario_runner.web.bodies import stream
from scenario_runner.web.forms import in_a_place
from scenario_runner.web.imaging.asking import Uploader
from scenario_runner.web.imaging.models import ResumableState
from scenario_runner.web.problems import problem
from scenario_runner.web.text import Text

_VERSION: Final = "1.0.0"
_SAYS: Final = {"Tus-Resumable": _VERSION, "Cache-Control": "no-store"}
_MEDIA_TYPE: Final = "application/offset+octet-stream"
_PIECE: Final = 1 << 20
_FOLDER: Final = "resumable"

_Version = Annotated[str | None, Header(alias="Tus-Resumable", description=f"`{_VERSION}`.")]
_Number = Annotated[Text, Path(description="As `Location` had it.")]
_OTHER_VERSION: Final[dict[int | str, dict[str, Any]]] = {
    412: {"description": "The client speaks another version of tus."}
}
_BYTES: Final = {
    "requestBody": {
        "required": True,
        "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def resumable_routes(router: APIRouter, service: Service) -> None:
    """Add them to a router."""
    resumable = Resumable(service, service.folder / _FOLDER)

    @router.options("/uploads/resumable", status_code=204, tags=["uploads"])
    def offered(_: Uploader) -> Response:
        """What of tus there is."""
        return Response(
            status_code=204,
            headers={
                **_SAYS,
                "Tus-Version": _VERSION,
                "Tus-Extension": "creation,termination,expiration",
                "Tus-Max-Size": str(service.limits.upload),
            },
        )

    @router.post("/uploads/resumable", status_code=201, responses=_OTHER_VERSION, tags=["uploads"])
    def begin(
        request: Request,
        asking: Uploader,
        length: Annotated[
            Text | None, Header(alias="Upload-Length", description="Bytes of the whole.")
        ] = None,
        metadata: Annotated[
            Text | None,
            Header(
                alias="Upload-Metadata", description="`filename`, in base64, is what it is called."
            ),
        ] = None,
        version: _Version = None,
    ) -> Response:
        """Begin an upload of one file, or of a zip archive; `Location` is where its bytes go by PATCH."""
        if version != _VERSION:
            return _other_version()
        begun = resumable.begin(asking, _number("Upload-Length", length), _name(metadata))
        place = f"{request.url.path.rstrip('/')}/{begun.id}"
        return Response(status_code=201, headers={"Location": place, **_headers(begun)})

    @router.get("/uploads/resumable/{number}", response_model=ResumableState, tags=["uploads"])
    def far(number: _Number, asking: Uploader) -> Response:
        """How far it is, by HEAD or GET; and what became of it."""
        begun = resumable.settled(asking, number)
        return JSONResponse(_state(begun), headers=_headers(begun))

    @router.patch(
        "/uploads/resumable/{number}",
        status_code=204,
        openapi_extra=_BYTES,
        responses=_OTHER_VERSION,
        tags=["uploads"],
    )
    async def go_on(
        request: Request,
        number: _Number,
        asking: Uploader,
        offset: Annotated[
            Text | None, Header(alias="Upload-Offset", description="Where these bytes belong.")
        ] = None,
        version: _Version = None,
    ) -> Response:
        """Bytes from where it is; the last one makes an upload of it, which `uploads/{upload_id}` tells of."""
        stream(request)
        if version != _VERSION:
            await drain(request)
            return _other_version()
        try:
            at = _number("Upload-Offset", offset)
            _require_bytes(request)
            body = Body(request, None, service.limits.upload, _PIECE)
            begun = await in_a_place(body, lambda: resumable.append(asking, number, at, iter(body)))
        except Exception:
            await drain(request)
            raise
        return Response(status_code=204, headers=_headers(begun))

    @router.delete(
        "/uploads/resumable/{number}", status_code=204, responses=_OTHER_VERSION, tags=["uploads"]
    )
    def forget(number: _Number, asking: Uploader, version: _Version = None) -> Response:
        """Give it up; what has come of it goes."""
        if version != _VERSION:
            return _other_version()
        resumable.discard(asking, number)
        return Response(status_code=204, headers=_SAYS)


def _require_bytes(request: Request) -> None:
    kind = parse(request.headers.get("content-type"))
    if kind is None or kind.essence != _MEDIA_TYPE:
        raise WrongMediaType("no-bytes", f"send the bytes as {_MEDIA_TYPE}")


def _state(begun: Begun) -> dict[str, Any]:
    return {
        "name": begun.name,
        "length": begun.length,
        "offset": begun.offset,
        "upload_id": begun.upload or None,
    }


def _headers(begun: Begun) -> dict[str, str]:
    return {
        **_SAYS,
        "Upload-Offset": str(begun.offset),
        "Upload-Length": str(begun.length),
        "Upload-Expires": format_datetime(begun.expires, usegmt=True),
    }


def _other_version() -> Response:
    return problem(
        412,
        "other-version",
        f"this is tus {_VERSION}; send Tus-Resumable: {_VERSION}",
        headers={"Tus-Version": _VERSION},
    )


def _number(name: str, text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Malformed("no-number", f"{name} has to be a whole number of bytes")
    return int(text)


def _name(metadata: str | None) -> str:
    """The name of the file, where the client says one (``key base64``, by commas)."""
    for pair in (metadata or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key in ("filename", "name"):
            try:
                return base64.b64decode(value, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError) as error:
                raise Malformed("no-metadata", "Upload-Metadata has to be in base64") from error
    return "file"
