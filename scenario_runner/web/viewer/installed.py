"""The OHIF that is installed in a data folder, as it is served."""

from __future__ import annotations

import gzip
import json
import mimetypes
from pathlib import Path
from typing import Any, Final

from scenario_runner.errors import MachineError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.backup import OHIF
from scenario_runner.web.viewer import package

PREFIX: Final = "/viewer"
BASE: Final = f"{PREFIX}/app/{package.REVISION}/"
"""Below it the files of OHIF are served."""
MANIFEST: Final = "installed.json"
"""Written last: a folder without it is none."""
SCHEMA: Final = "ohif-installed/v1"
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".jsonc": "application/json",
    ".svg": "image/svg+xml",
}
_ANY: Final = "application/octet-stream"


def home_of(data: Path) -> Path:
    """Where, below the data folder of a service, viewers are installed."""
    return data / OHIF


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is kept. compressed: by gzip, so that most clients take it as it lies."""

    path: Path
    media_type: str
    compressed: bool
    etag: str

    def plain(self) -> bytes:
        """The file for a client that takes nothing compressed. Raises OSError."""
        content = self.path.read_bytes()
        return gzip.decompress(content) if self.compressed else content


class Installed:
    """One installed version; files by the names that the build gives them, and no others."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self._files: dict[str, Any] = manifest["files"]
        self.script = self._one("app.bundle.", ".js")
        self.style = self._one("app.bundle", ".css")

    def _one(self, start: str, end: str) -> str:
        return next(name for name in self._files if name.startswith(start) and name.endswith(end))

    def __len__(self) -> int:
        return len(self._files)

    def asset(self, name: str) -> Asset | None:
        """A file; None when there is no such one. No name leads out of the folder: each is looked up."""
        entry = self._files.get(name)
        if entry is None:
            return None
        kept = self.folder / (f"{name}.gz" if entry["compressed"] else name)
        suffix = Path(name).suffix
        media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or _ANY
        return Asset(kept, media_type, entry["compressed"], f'"{entry["sha256"][:32]}"')


class Shelf:
    """Where to look for an installation; one that is made while the service runs is found, too."""

    def __init__(self, home: Path) -> None:
        self._folder = home / package.REVISION
        self._known: tuple[int, Installed] | None = None

    def installed(self) -> Installed | None:
        """What is installed now, if anything of this revision is. Raises MachineError for a damaged one."""
        manifest = self._folder / MANIFEST
        try:
            changed = manifest.stat().st_mtime_ns
        except OSError:
            return None
        if self._known is None or self._known[0] != changed:
            try:
                read = json.loads(manifest.read_text("utf-8"))
                self._known = changed, Installed(self._folder, read)
            except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
                raise MachineError(
                    f"the viewer in '{self._folder}' is damaged",
                    hint="install it again: fabricate viewer install",
                ) from error
        return self._known[1]
