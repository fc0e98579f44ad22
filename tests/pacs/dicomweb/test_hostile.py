"""What strangers send over HTTP ends in an answer or a closed connection, and the next one is served."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx2
import pytest

from scenario_runner.pacs.fault_arguments import parse_faults
from scenario_runner.pacs.options import PacsOptions, WebOptions
from scenario_runner.pacs.server import EmbeddedPacs
from tests.archive.samples import put, sample
from tests.pacs.dicomweb.web import NO_TLS, STOW_TYPE, body, get, stow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPacs]:
    """A PACS that loses patience soon."""
    web = WebOptions(head_timeout=0.8, body_timeout=0.8, maximum_request=200_000)
    options = PacsOptions(web=web, maximum_associations=8)
    with EmbeddedPacs(tmp_path_factory.mktemp("pacs"), options=options) as pacs:
        stow(pacs.open_web(), [sample()])
        yield pacs


@pytest.fixture(scope="module")
def url(pacs: EmbeddedPacs) -> str:
    return pacs.open_web()


def raw(url: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes, and read until the server closes."""
    with socket.create_connection(("127.0.0.1", httpx2.URL(url).port or 0), timeout=10) as sock:
        try:
            for piece in pieces:
                sock.sendall(piece)
                time.sleep(pause)
            answer = b""
            while more := sock.recv(65536):
                answer += more
        except ConnectionError:
            return b""
    return answer


def post(length: int, rest: bytes = b"") -> bytes:
    return (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {STOW_TYPE}\r\nContent-Length: {length}\r\n\r\n"
    ).encode() + rest


@pytest.mark.parametrize(
    ("sent", "begins"),
    [
        (b"\x00\x01\x02garbage\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET /dicom-web/studies HTTP/1.1\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n", b""),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"HTTP/1.1 400"),
        (
            b"GET /dicom-web/studies/../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 404",
        ),
        (
            b"GET /dicom-web/studies/%2e%2e%5c%2e%2e HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 400",
        ),
        (
            b"GET /dicom-web/studies/1.2.3%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 400",
        ),
        (
            b"PUT /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 405",
        ),
        (
            b"GET /dicom-web/studies?%ff%fe=%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"HTTP/1.1 200",
        ),
        (post(10**15), b"HTTP/1.1 413"),
        (
            b"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
            b"HTTP/1.1 4",
        ),
    ],
)
def test_nonsense_is_answered_and_forgotten(url: str, sent: bytes, begins: bytes) -> None:
    assert raw(url, sent).startswith(begins)
    assert get(f"{url}/studies").status_code == 200


def test_headers_that_are_trickled_in_are_cut_off(url: str) -> None:
    before = time.monotonic()
    answer = raw(url, *(b"GET /dicom-web/studies HTTP/1.1\r\n", b"X: ", *[b"y"] * 30), pause=0.05)
    assert answer == b""
    assert time.monotonic() - before < 30


def test_a_body_that_does_not_come_is_cut_off(pacs: EmbeddedPacs, url: str) -> None:
    answer = raw(url, post(100_000, body([sample(number=2).file])[:900]))
    assert answer.startswith(b"HTTP/1.1 408")
    assert list((pacs.folder / "incoming").iterdir()) == []
    assert pacs.archive.counts().instances == 1


@pytest.mark.parametrize(
    "path", ["1.2.50", "1.2.50/series/1.2.50.1/instances/1.2.50.1.1/bulkdata/7FE00010"]
)
def test_a_client_that_does_not_read_is_let_go(pacs: EmbeddedPacs, url: str, path: str) -> None:
    one = sample("1.2.50", size=2896)  # more than the buffers of both sockets hold
    put(pacs.archive, one)
    request = f"GET /dicom-web/studies/{path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*, application/octet-stream\r\n\r\n"
    with socket.create_connection(("127.0.0.1", httpx2.URL(url).port or 0), timeout=10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        sock.sendall(request.encode())
        time.sleep(2.0)
        size = 0
        with contextlib.suppress(ConnectionError):
            while more := sock.recv(1 << 20):
                size += len(more)
    assert 0 < size < len(one.data)
    pacs.archive.delete_study("1.2.50")


def test_a_chunked_body_is_bounded_too(pacs: EmbeddedPacs, url: str) -> None:
    def endless() -> Iterator[bytes]:
        yield body([sample(number=3).file])[:200]
        for _ in range(100):
            yield bytes(65536)

    headers = {"Content-Type": STOW_TYPE}
    answer = httpx2.post(
        f"{url}/studies", content=endless(), headers=headers, verify=NO_TLS, timeout=30
    )
    assert answer.status_code == 413
    assert list((pacs.folder / "incoming").iterdir()) == []


def test_many_idle_connections_do_not_keep_others_out(url: str) -> None:
    port = httpx2.URL(url).port or 0
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(12)]
    try:
        assert get(f"{url}/studies").status_code == 200
    finally:
        for sock in idle:
            sock.close()


def test_a_thousand_silent_connections_keep_nobody_out(url: str) -> None:
    """Some say nothing, some begin a request and never end it; whoever asks is answered all the same."""
    port = httpx2.URL(url).port or 0
    silent: list[socket.socket] = []
    try:
        for number in range(1000):
            sock = socket.create_connection(("127.0.0.1", port))
            silent.append(sock)
            if number % 2:
                sock.sendall(b"GET /dicom-web/studies HTTP/1.1\r\nHost: lo")
            if number % 100 == 99:
                assert get(f"{url}/studies").status_code == 200
            if len(silent) > 200:  # the handles of this test are bounded as well
                silent.pop(0).close()
    finally:
        for sock in silent:
            sock.close()


def test_a_request_that_is_being_answered_is_not_let_go_for_others(url: str) -> None:
    port = httpx2.URL(url).port or 0
    whole = post(1000, b"--")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as asking:
        asking.sendall(whole)
        time.sleep(0.1)
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        try:
            assert get(f"{url}/studies").status_code == 200
            asking.sendall(bytes(998))
            assert asking.recv(12).startswith(b"HTTP/1.1 4")
        finally:
            for sock in crowd:
                sock.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200), ("LOCALHOST.", 200), ("viewer.localhost", 200), ("127.0.0.1", 200), ("[::1]", 200),
        ("127.0.0.1.evil.test", 421), ("localhost.evil.test", 421), ("evil.test", 421), ("evillocalhost", 421),
        ("2130706433", 421), ("0x7f.1", 421), ("evil.test:80", 421),
        *((f"a{c}b.evil.test", 421) for c in "!$&'()*+,;=~`{}@%\""), ("", 200),
    ],
)  # fmt: skip
def test_only_a_name_that_leads_here_by_itself_is_answered(
    url: str, host: str, status: int
) -> None:
    """A page of a stranger whose name was made to lead here (DNS rebinding) reads nothing."""
    answer = httpx2.get(f"{url}/studies", headers={"Host": host}, verify=NO_TLS, timeout=30)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "target", ["http://evil.test/dicom-web/studies", "//evil.test/dicom-web/studies"]
)
def test_a_request_for_another_place_is_not_answered_from_here(url: str, target: str) -> None:
    sent = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    assert raw(url, sent).startswith((b"HTTP/1.1 404", b"HTTP/1.1 421"))


def test_more_requests_than_there_are_threads_are_told_to_come_again(
    pacs: EmbeddedPacs, url: str
) -> None:
    port = httpx2.URL(url).port or 0
    asked = b"GET /dicom-web/series HTTP/1.1\r\nHost: localhost\r\n\r\n"
    pacs.misbehave(parse_faults(["hang=0,on=find"]))
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        for sock in slow:
            sock.sendall(asked)
        answer = until(lambda: get(f"{url}/studies/1.2.3"), 503)
        assert answer.headers["retry-after"] == "1"
    finally:
        pacs.misbehave([])
        for sock in slow:
            sock.close()
    until(lambda: get(f"{url}/studies"), 200)


def test_bodies_that_only_begin_keep_nobody_out(url: str) -> None:
    port = httpx2.URL(url).port or 0
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(9)]
    try:
        for sock in slow:
            sock.sendall(post(1000, b"--"))
        assert get(f"{url}/studies").status_code == 200
    finally:
        for sock in slow:
            sock.close()


def until(ask: Callable[[], httpx2.Response], status: int) -> httpx2.Response:
    last = time.monotonic() + 60
    while (answer := ask()).status_code != status:
        assert time.monotonic() < last, f"it stays {answer.status_code}"
        time.sleep(0.02)
    return answer


def test_a_host_header_that_is_none_is_refused_and_gets_into_no_page(url: str) -> None:
    stranger = {"Host": "evil.test/<script>"}
    answer = httpx2.get(f"{url}/studies", headers=stranger, verify=NO_TLS, timeout=30)
    assert answer.status_code == 421
    assert "html" not in answer.headers["content-type"]


def test_many_clients_at_once_lose_nothing(tmp_path: Path) -> None:
    with EmbeddedPacs(tmp_path) as pacs:
        url = pacs.open_web()

        def send(client: int) -> int:
            found = 0
            for request in range(3):
                many = [sample(f"1.2.{client + 1}", request + 1, n, size=32) for n in range(1, 6)]
                assert stow(url, many).status_code == 200
                found = len(get(f"{url}/studies/1.2.{client + 1}/instances").json())
            return found

        with ThreadPoolExecutor(12) as pool:
            assert list(pool.map(send, range(12))) == [15] * 12
        assert pacs.archive.counts().instances == 180
        assert len(get(f"{url}/studies").json()) == 12
