"""``/docs``: the API's description to read and to try, from files of this installation alone.

FastAPI's own page fetches Swagger UI from a public server and starts it by a script within the page; a
hospital's network has no way to the first, and our policy lets no browser run the second.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, HTMLResponse

from scenario_runner.web.auth.allowed import anybody

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

DOCS: Final = "/docs"

router: Final = APIRouter(prefix=DOCS, include_in_schema=False, dependencies=[anybody()])

_FILES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>DICOM Fabricator: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{DOCS}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; the description itself is at
<a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{DOCS}/swagger-ui-bundle.js"></script>
<script src="{DOCS}/start.js"></script>
</body>
</html>
"""
_START: Final = """const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => { document.documentElement.classList.toggle("dark-mode", dark.matches); };
dark.addEventListener("change", follow);
follow();
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
});
"""


@router.get("")
def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE)


@router.get("/start.js")
def start() -> Response:
    """What starts Swagger UI on the page."""
    return Response(_START, media_type="text/javascript")


def _given(name: str, media_type: str) -> None:
    file: Traversable = files("fastapi_offline") / "static" / name

    @router.get(f"/{name}")
    def given() -> FileResponse:
        with as_file(file) as path:
            return FileResponse(path, media_type=media_type)


for _name, _media_type in _FILES.items():
    _given(_name, _media_type)
