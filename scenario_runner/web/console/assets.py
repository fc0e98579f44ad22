"""Style, scripts and pictures of the pages: from this installation alone, kept by browsers until they change."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.resources import resource
from scenario_runner.service.errors import NotThere
from scenario_runner.web.auth.allowed import anybody

PREFIX: Final = "/console"
_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_KEPT: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str
    digest: str


class Assets:
    """All of them by name, read once. Those of the report that the console shares are among them."""

    def __init__(self) -> None:
        shared = [resource("reports", name) for name in ("tokens.css", "icons.svg")]
        own = [one for one in _FOLDER.rglob("*") if one.suffix in _TYPES]
        self._assets = {path.name: _read(path) for path in [*shared, *own]}

    def url(self, name: str) -> str:
        """Where one is; another content is at another address. Raises KeyError."""
        return f"{PREFIX}/{self._assets[name].digest}/{name}"

    def get(self, name: str) -> _Asset:
        """Raises NotThere."""
        found = self._assets.get(name)
        if found is None:
            raise NotThere("not-found", "there is no such resource")
        return found


def asset_routes(router: APIRouter, assets: Assets) -> None:
    """Add them to a router."""

    @router.get(f"{PREFIX}/{{digest}}/{{name}}", dependencies=[anybody()])
    def asset(digest: str, name: str) -> Response:
        found = assets.get(name)
        kept = _KEPT if digest == found.digest else "no-cache"
        return Response(found.content, media_type=found.media_type, headers={"Cache-Control": kept})


def _read(path: Path) -> _Asset:
    content = path.read_bytes()
    return _Asset(content, _TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:12])
