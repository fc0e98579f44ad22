"""The files of the light viewer: a page, a style sheet and modules of plain JavaScript, as they lie in the package."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fastapi import Request, Response

from scenario_runner.resources import resource
from scenario_runner.service.errors import NotThere
from scenario_runner.web.viewer.installed import PREFIX

if TYPE_CHECKING:
    from fastapi import APIRouter

LIGHT: Final = f"{PREFIX}/light"
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def _files() -> dict[str, bytes]:
    folder = files("scenario_runner.web.viewer") / "light"
    own = [one for one in folder.iterdir() if one.name.endswith(tuple(_TYPES))]
    # Colours are the report's and the console's.
    return {one.name: one.read_bytes() for one in (*own, resource("reports", "tokens.css"))}


def light_routes(router: APIRouter) -> None:
    """Add them to a router with the prefix of viewers."""

    @router.get("/light")
    def page(request: Request) -> Response:
        """The page."""
        return _given(request, "index.html")

    @router.get("/light/{name}")
    def file(request: Request, name: str) -> Response:
        """What belongs to it."""
        return _given(request, name)


def _given(request: Request, name: str) -> Response:
    content = _files().get(name)
    if content is None:
        raise NotThere("not-found", "there is no such file of the viewer")
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    kind = _TYPES["." + name.rpartition(".")[2]]
    return Response(content, media_type=kind, headers=headers)
