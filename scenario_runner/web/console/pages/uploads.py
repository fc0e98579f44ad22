"""``/uploads``: files chosen, looked at, matched, confirmed, sent with progress; and what became of earlier ones."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from scenario_runner.service.asking import Asking
from scenario_runner.service.errors import TooLarge
from scenario_runner.service.permissions import Permission
from scenario_runner.service.uploads import records
from scenario_runner.service.uploads.looking import look, would_match
from scenario_runner.web.console.asking import Uploader
from scenario_runner.web.console.fields import Fields
from scenario_runner.web.console.page import Desk, Group, Page, Panel
from scenario_runner.web.console.pages.studies import place
from scenario_runner.web.console.paging import ROWS, Limit, Offset, Paging
from scenario_runner.web.imaging.uploads import log_of
from scenario_runner.web.text import Text

PATH: Final = "/uploads"
_HEAD: Final = 1 << 20
"""Bytes of a file that are looked at, at most."""
_RECENT: Final = 5
_TEXTS: Final = (
    "waiting", "looking", "ready", "sending", "success", "duplicate", "skipped", "failed", "stopped", "zip",
    "tags", "remove", "too_large", "too_many", "files", "files_one", "unknown_patient", "matched", "not_matched", "done", "done_but", "not_looked",
    "partial", "none_kept", "see", "broken",
)  # fmt: skip
"""What the script on the page says."""


def _routes(router: APIRouter, desk: Desk) -> None:
    service, show = desk.service, desk.show

    @router.get(PATH)
    def uploads(request: Request, _: Uploader, limit: Limit = ROWS, offset: Offset = 0) -> Response:
        found, total = records.page(service.database, limit, offset)
        say = show.say(request)
        limits = service.limits
        return show(
            request,
            "uploads/page.html.j2",
            uploads=found,
            paging=Paging(PATH, {}, total, limit, offset),
            place=place,
            texts={name: say.unfilled(f"uploads.js.{name}") for name in _TEXTS},
            limits={"file": limits.file, "files": limits.files, "upload": limits.upload},
        )

    @router.post(PATH + "/look")
    async def looks(
        request: Request,
        _: Uploader,
        name: Annotated[Text, Query(max_length=1_000)] = "",
        whole: bool = False,
        tags: bool = False,
    ) -> Response:
        head = bytearray()
        async for piece in request.stream():
            head += piece
            if len(head) > _HEAD:
                raise TooLarge("look-too-large", f"a look takes up to {_HEAD} bytes")
        told = look(name, bytes(head), is_whole=whole, with_tags=tags)
        if not tags:
            return JSONResponse(told)
        return show(request, "uploads/tags.html.j2", told={"tags": [], **told})

    @router.post(PATH + "/match")
    def matches(_: Uploader, fields: Fields) -> dict[str, Any]:
        return would_match(service, fields)

    @router.get(PATH + "/{upload_id}")
    def upload(request: Request, _: Uploader, upload_id: Text) -> Response:
        told = log_of(service, upload_id)
        return show(request, "uploads/upload.html.j2", upload=told, place=place)


def _recent(desk: Desk, _: Asking) -> dict[str, Any]:
    found, total = records.page(desk.service.database, _RECENT, 0)
    return {"uploads": found, "total": total, "place": place}


PAGE = Page(
    name="uploads",
    path=PATH,
    group=Group.STUDIES,
    needs=Permission.UPLOAD,
    routes=_routes,
    panel=Panel("uploads/recent.html.j2", _recent),
)
