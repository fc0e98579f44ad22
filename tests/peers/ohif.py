"""The OHIF viewer, as npm has it built, before a DICOMweb service."""

from __future__ import annotations

import contextlib
import http.client
import json
import mimetypes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.peers.from_npm import packed

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE, VERSION = "@ohif/app", "3.13.2"
_DICOM_WEB = "/dicom-web"
_CONFIGURATION: dict[str, Any] = {
    "routerBasename": None,
    "extensions": [],
    "modes": [],
    "showStudyList": True,
    "maxNumberOfWebWorkers": 2,
    "investigationalUseDialog": {"option": "never"},
    "defaultDataSourceName": "dicomweb",
    "dataSources": [
        {
            "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
            "sourceName": "dicomweb",
            "configuration": {
                "friendlyName": "test",
                "name": "test",
                "qidoRoot": _DICOM_WEB,
                "wadoRoot": _DICOM_WEB,
                "wadoUriRoot": _DICOM_WEB,
                "qidoSupportsIncludeField": True,
                "imageRendering": "wadors",
                "thumbnailRendering": "wadors",
                "enableStudyLazyLoad": True,
                "supportsFuzzyMatching": False,
                "supportsWildcard": True,
                "omitQuotationForMultipartRequest": True,
                "bulkDataURI": {"enabled": True},
            },
        }
    ],
}


def built() -> Path:
    """The folder of the built viewer."""
    return packed(PACKAGE, VERSION) / "dist"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, dist: Path, web: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dist, self.web = dist, web

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """Files of the viewer, and behind one path the service, so that all is of one origin."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        if self.path.startswith(_DICOM_WEB):
            self._say(*self._asked(server))
            return
        name = urlsplit(self.path).path.lstrip("/")
        if name == "app-config.js":
            self._say(
                200, "text/javascript", f"window.config={json.dumps(_CONFIGURATION)}".encode()
            )
            return
        file = (server.dist / name).resolve()
        if not file.is_file() or not file.is_relative_to(server.dist.resolve()):
            file = server.dist / "index.html"
        kind = "application/wasm" if file.suffix == ".wasm" else mimetypes.guess_type(file.name)[0]
        self._say(200, kind or "application/octet-stream", file.read_bytes())

    def _asked(self, server: _Server) -> tuple[int, str, bytes]:
        base = urlsplit(server.web)
        assert base.hostname is not None
        connection = http.client.HTTPConnection(base.hostname, base.port, timeout=60)
        with contextlib.closing(connection):
            path = base.path + self.path.removeprefix(_DICOM_WEB)
            connection.request("GET", path, headers={"Accept": self.headers.get("Accept", "*/*")})
            answer = connection.getresponse()
            kind, body = answer.getheader("Content-Type") or "", answer.read()
        if "json" in kind:  # URLs of bulk data are of this origin, too
            body = body.replace(server.web.encode(), f"{server.url}{_DICOM_WEB}".encode())
        return answer.status, kind, body

    def _say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextlib.contextmanager
def viewer(web: str) -> Iterator[str]:
    """The URL of a viewer of the DICOMweb service at ``web``."""
    with _Server(built(), web) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()
