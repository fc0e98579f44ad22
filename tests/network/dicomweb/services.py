"""Web services that do what a test tells them to, and one that is hostile byte by byte."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from scenario_runner.answers import Received
from scenario_runner.dicom import json_model
from scenario_runner.network.dicomweb import media_types
from scenario_runner.network.dicomweb.multipart import MultipartReader, PartData, PartEnds
from scenario_runner.network.dicomweb.peer import WebLimits, WebPeer
from scenario_runner.network.dicomweb.retrieve import split
from tests.network.hostile import Wire, hostile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DICOM_JSON = {"Content-Type": "application/dicom+json"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def instances(self) -> list[Received]:
        """What a store request carries, read by our own reader."""
        kind = media_types.parse(self.headers.get("content-type"))
        assert kind is not None
        assert kind.root == media_types.DICOM
        reader = MultipartReader(kind.get("boundary") or "")
        files, content = [], bytearray()
        for event in reader.feed(self.body):
            if isinstance(event, PartData):
                content += event.data
            elif isinstance(event, PartEnds):
                files.append(bytes(content))
                content.clear()
        reader.finish()
        return [split(file) for file in files]

    @property
    def uids(self) -> list[str]:
        return [one.sop_instance_uid for one in self.instances]


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer; ``hang_up`` closes the connection instead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """One that is running, and everything it was asked."""

    peer: WebPeer
    asked: list[Asked]


@contextlib.contextmanager
def service(
    behave: Callable[[Asked], Reply], *, timeout: float = 3.0, **options: Any
) -> Iterator[Service]:
    """An HTTP/1.1 service on a free loopback port. options: of the WebPeer."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError):
                super().handle_one_request()

        def _answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): text for name, text in self.headers.items()}
            one = Asked(self.command, self.path, headers, self.rfile.read(size))
            asked.append(one)
            reply = behave(one)
            if reply.hang_up:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, text in reply.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names http.server calls

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/dicom-web/"
        yield Service(WebPeer(url=url, timeout=timeout, connect_timeout=2, **options), asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def hostile_service(
    behave: Callable[[Wire], None], *, timeout: float = 0.5, **limits: int
) -> Iterator[WebPeer]:
    """A listener that is handed each connection after the head of its first request was read."""

    def after_the_head(wire: Wire) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += wire.read(1)
        if size := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
            wire.read(int(size[1]))
        behave(wire)

    with hostile(after_the_head, response_timeout=timeout) as peer:
        yield WebPeer(
            url=f"http://127.0.0.1:{peer.port}/dicom-web",
            timeout=timeout,
            connect_timeout=2,
            limits=WebLimits(**limits),
        )


def dicom_json(*items: Mapping[str, Any]) -> bytes:
    """A JSON body of data sets given as ``{KEYWORD: value}``."""
    return json.dumps([json_model.encode(item) for item in items]).encode()


def results(
    stored: Mapping[str, int | None] | None = None,
    failed: Mapping[str, int] | None = None,
    other: list[int] | None = None,
) -> dict[str, Any]:
    """A store response's data set. stored: UID to WarningReason or None; failed: to FailureReason."""
    found: dict[str, Any] = {}
    if stored:
        found["ReferencedSOPSequence"] = [
            {"ReferencedSOPInstanceUID": uid, "RetrieveURL": f"http://x/{uid}"}
            | ({"WarningReason": reason} if reason else {})
            for uid, reason in stored.items()
        ]
    if failed:
        found["FailedSOPSequence"] = [
            {"ReferencedSOPInstanceUID": uid, "FailureReason": reason}
            for uid, reason in failed.items()
        ]
    if other:
        found["OtherFailuresSequence"] = [{"FailureReason": reason} for reason in other]
    return found


def results_json(*args: Any) -> bytes:
    """The same as one JSON object, which is what STOW-RS answers."""
    return json.dumps(json_model.encode(results(*args))).encode()


def results_xml(stored: list[str], failed: Mapping[str, int]) -> bytes:
    """A store response as a Native DICOM Model, as older services answer whatever is asked."""

    def item(number: int, uid: str, reason: int | None) -> str:
        told = f'<DicomAttribute tag="00081197" vr="US"><Value number="1">{reason}</Value></DicomAttribute>'
        return (
            f'<Item number="{number}"><DicomAttribute tag="00081155" vr="UI"><Value number="1">{uid}'
            f"</Value></DicomAttribute>{told if reason else ''}</Item>"
        )

    good = "".join(item(n, uid, None) for n, uid in enumerate(stored, 1))
    bad = "".join(item(n, uid, reason) for n, (uid, reason) in enumerate(failed.items(), 1))
    return (
        '<?xml version="1.0" encoding="UTF-8"?><NativeDicomModel '
        'xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM">'
        f'<DicomAttribute tag="00081199" vr="SQ">{good}</DicomAttribute>'
        f'<DicomAttribute tag="00081198" vr="SQ">{bad}</DicomAttribute></NativeDicomModel>'
    ).encode()
