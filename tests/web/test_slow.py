"""Clients that hold connections open with next to nothing: whoever uploads beside them does not notice."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.web.imaging_files import ct, upload
from tests.web.served import Served, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MORE_THAN_PLACES = 66
HEAD = b'--slow\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
UPLOADS = ("/api/v1/dicom/upload", "multipart/form-data; boundary=slow")
STOW = ("/dicom-web/studies", 'multipart/related; type="application/dicom"; boundary=slow')


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that waits for its clients as long as they like."""
    folder = tmp_path_factory.mktemp("patient")
    with configured(folder, "bodies: {grace: 24h, slow_at_once: 10000}\n") as running:
        yield running


@contextlib.contextmanager
def configured(folder: Path, text: str) -> Iterator[Served]:
    file = folder / "service.yaml"
    file.write_text(f"schema: service/v1\n{text}", "utf-8")
    with served(folder / "data", "--config", file) as running:
        yield running


@contextlib.contextmanager
def slow(
    service: Served, count: int, body: bytes, to: tuple[str, str] = UPLOADS
) -> Iterator[list[socket.socket]]:
    """So many requests of which no more comes."""
    place = urlsplit(service.url)
    path, kind = to
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {1 << 30}\r\n\r\n"
    ).encode()
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            one = socket.create_connection((place.hostname or "", place.port or 0), 180)
            stack.enter_context(one)
            one.sendall(head + body)
            found.append(one)
        yield found


def wait_until(state: Callable[[], bool]) -> None:
    until = time.monotonic() + 180
    while not state():
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.02)


def metric(service: Served, name: str) -> float:
    text = service.client.get(f"{service.url}/metrics").text
    found = re.search(rf"^\w*{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


@pytest.mark.parametrize("to", [UPLOADS, STOW])
def test_uploads_that_only_begin_keep_nobody_waiting(patient: Served, to: tuple[str, str]) -> None:
    with slow(patient, MORE_THAN_PLACES, HEAD, to):
        assert upload(patient, ct(f"1.12.{len(to[0])}")).json()["status"] == "success"
        assert metric(patient, "uploads_under_way") == 0


def test_uploads_that_stop_in_the_middle_keep_nobody_waiting(patient: Served) -> None:
    with slow(patient, MORE_THAN_PLACES, HEAD + bytes(1 << 20)):
        # No more begin than have a place, unless those that wait for their clients leave theirs.
        wait_until(lambda: metric(patient, "uploads_under_way") == MORE_THAN_PLACES)
        assert upload(patient, ct("1.12.1")).json()["status"] == "success"
    wait_until(lambda: metric(patient, "uploads_under_way") == 0)
    assert not list((patient.data / "archive" / "incoming").iterdir())


@pytest.mark.parametrize("path", ["/upload", "/api/v1/auth/login", UPLOADS[0], STOW[0]])
def test_who_sends_too_slowly_is_told_so_and_cut_off(tmp_path: Path, path: str) -> None:
    kind = "application/json" if path.endswith("login") else UPLOADS[1]
    kind = STOW[1] if path == STOW[0] else kind
    with (
        configured(tmp_path, "bodies: {grace: 300ms}\n") as service,
        slow(service, 1, HEAD, (path, kind)) as [one],
    ):
        said = b""
        while piece := one.recv(65_536):
            said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 "), said
    assert b"connection: close" in head.lower()
    assert b"too slowly" in body
    if path != STOW[0]:
        told = json.loads(body)
        assert (told["code"], told["hint"]) == ("too-slow", "send at least 4096 bytes a second")
