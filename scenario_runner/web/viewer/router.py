"""``/viewer``: OHIF where it is installed, the light viewer where it is not, and that one always below ``/viewer/light``.

The pages have nothing of a patient in them and are open to anybody; what they ask DICOMweb for, it gives to who is
logged in or has a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from scenario_runner.service.errors import NotThere
from scenario_runner.web.auth.allowed import anybody, gate_of
from scenario_runner.web.viewer import ohif_page, package
from scenario_runner.web.viewer.installed import PREFIX, Shelf
from scenario_runner.web.viewer.light_files import LIGHT, light_routes

if TYPE_CHECKING:
    from pathlib import Path

    from scenario_runner.web.viewer.installed import Asset

_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The address of a file of OHIF changes with what is in it."""
_ASKED_EACH_TIME: Final = {"Cache-Control": "no-cache"}
_NEVER_KEPT: Final = {"Cache-Control": "no-store"}
_SCRIPT: Final = "text/javascript; charset=utf-8"


def viewer_router(home: Path) -> APIRouter:
    """All of it. home: where OHIF is installed."""
    shelf = Shelf(home)
    router = APIRouter(prefix=PREFIX, include_in_schema=False, dependencies=[anybody()])
    light_routes(router)

    @router.get("")
    async def start(request: Request) -> Response:
        """Where links lead: on to the viewer there is, by way of the login for who needs it."""
        query = request.url.query
        if "token" not in request.query_params:
            await gate_of(request).caller(request)
        is_ohif = shelf.installed() is not None
        where = f"{PREFIX}/{'viewer' if query else ''}" if is_ohif else LIGHT
        # Only the path: where we are reached is the browser's to know.
        return RedirectResponse(f"{where}?{query}" if query else where, 302, headers=_NEVER_KEPT)

    @router.get("/start.js")
    def start_script() -> Response:
        """What OHIF's page would do by a script within it."""
        return Response(ohif_page.START, media_type=_SCRIPT, headers=_ASKED_EACH_TIME)

    @router.get("/app-config.js")
    def configuration() -> Response:
        """Where OHIF finds studies."""
        return Response(ohif_page.CONFIGURATION, media_type=_SCRIPT, headers=_ASKED_EACH_TIME)

    @router.get("/app/{revision}/{name:path}")
    def file(request: Request, revision: str, name: str) -> Response:
        """A file of OHIF."""
        installed = shelf.installed()
        found = installed.asset(name) if installed and revision == package.REVISION else None
        if found is None:
            raise NotThere("not-found", "there is no such file of the viewer")
        return _given(request, found)

    @router.get("/{route:path}")
    def page(request: Request, route: str) -> Response:
        """Any address of OHIF's own: the page looks at it by itself."""
        installed = shelf.installed()
        if installed is not None:
            return HTMLResponse(ohif_page.page(installed), headers=_ASKED_EACH_TIME)
        if route in ("", "viewer"):  # a link from when it was installed
            query = request.url.query
            where = f"{LIGHT}?{query}" if query else LIGHT
            return RedirectResponse(where, 302, headers=_NEVER_KEPT)
        raise NotThere(
            "ohif-not-installed",
            "OHIF is not installed here",
            hint=f"fabricate viewer install; without it studies are shown at {LIGHT}",
        )

    return router


def _given(request: Request, asset: Asset) -> Response:
    headers = {**_FOR_EVER, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not asset.compressed:
        return FileResponse(asset.path, media_type=asset.media_type, headers=headers)
    if _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return FileResponse(asset.path, media_type=asset.media_type, headers=headers)
    return Response(asset.plain(), media_type=asset.media_type, headers=headers)


def _takes_gzip(request: Request) -> bool:
    """Whether a client names gzip, and not to refuse it (RFC 9110 12.5.3)."""
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
