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
<link rel="stylesheet" href="{DOCS}/page.css">
</head>
<body>
<header><a href="/">DICOM Fabricator</a></header>
<main id="swagger-ui"></main>
<noscript>This page needs JavaScript; the description itself is at
<a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="{DOCS}/swagger-ui-bundle.js"></script>
<script src="{DOCS}/start.js"></script>
</body>
</html>
"""
_STYLE: Final = """/* What Swagger UI writes in colours that too few can read (WCAG 2.2, 1.4.3), and which it gives no focus (2.4.7). */
body { margin: 0; }
header { padding: .8rem 1.25rem; font: 600 1rem system-ui, sans-serif; }
header a { color: #1f4f82; }
.dark-mode header a { color: #8fc1f0; }
.swagger-ui .info .title small { background: #5a6170; }
.swagger-ui .info .title small.version-stamp { background: #4a6800; }
html:not(.dark-mode) .swagger-ui .info .base-url, html:not(.dark-mode) .swagger-ui .info a .url { color: #1f5fa8; }
html:not(.dark-mode) .swagger-ui .parameter__in, html:not(.dark-mode) .swagger-ui .parameter__deprecated { color: #595959; }
html:not(.dark-mode) .swagger-ui .json-schema-2020-12-expand-deep-button { color: #404040; }
.swagger-ui .opblock.opblock-get .opblock-summary-method { background: #1f5fa8; }
.swagger-ui .opblock.opblock-post .opblock-summary-method { background: #1b7048; }
.swagger-ui .opblock.opblock-put .opblock-summary-method { background: #8f5300; }
.swagger-ui .opblock.opblock-patch .opblock-summary-method { background: #0f6d5b; }
.swagger-ui .opblock.opblock-delete .opblock-summary-method { background: #b3261e; }
.swagger-ui .microlight span[style], .swagger-ui .highlight-code span[style] { color: #f2b8b5 !important; }
.swagger-ui button:focus-visible, .swagger-ui a:focus-visible { outline: 2px solid #1f5fa8; outline-offset: 2px; }
.dark-mode .swagger-ui button:focus-visible, .dark-mode .swagger-ui a:focus-visible { outline-color: #8fc1f0; }
.swagger-ui .opblock-summary-path a { display: inline-block; min-height: 24px; }
.swagger-ui .opblock-summary .view-line-link, .swagger-ui .copy-to-clipboard { min-width: 24px; min-height: 24px; }
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


@router.get("/page.css")
def style() -> Response:
    """What its style lacks."""
    return Response(_STYLE, media_type="text/css")


def _given(name: str, media_type: str) -> None:
    file: Traversable = files("fastapi_offline") / "static" / name

    @router.get(f"/{name}")
    def given() -> FileResponse:
        with as_file(file) as path:
            return FileResponse(path, media_type=media_type)


for _name, _media_type in _FILES.items():
    _given(_name, _media_type)
