"""A service that misbehaves is reported, in bounded time and memory, and never followed elsewhere."""

from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
    StepTimeout,
    TargetError,
)
from scenario_runner.network.dicomweb.peer import Login, WebLimits, WebPeer
from scenario_runner.network.dicomweb.resources import fetch
from scenario_runner.network.dicomweb.retrieve import retrieve
from scenario_runner.network.dicomweb.search import Search, search
from scenario_runner.network.dicomweb.session import Session
from tests.network.dicomweb.services import Reply, hostile_service, service
from tests.network.hostile import Wire, drip, hostile

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario_runner.answers import Fetched, Received

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
MULTIPART = (
    b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; type="application/dicom"; boundary=b\r\n'
)


def query(peer: WebPeer, deadline: Deadline | None = None) -> None:
    with Session(peer, deadline or Deadline(20)) as session:
        list(search(session, Search(level="study")))


def get(peer: WebPeer) -> list[Received]:
    found: list[Received] = []
    with Session(peer, Deadline(20)) as session:
        retrieve(session, ["studies", "1.2"], found.append)
    return found


def says(data: bytes) -> Callable[[Wire], None]:
    return lambda wire: wire.send(data)


def endless(beginning: bytes, piece: bytes) -> Callable[[Wire], None]:
    def behave(wire: Wire) -> None:
        wire.send(beginning)
        while not wire.stop.is_set():
            wire.send(piece)

    return behave


@pytest.mark.parametrize(
    ("data", "error", "why"),
    [
        (b"", AssociationAborted, "connection closed"),
        (b"garbage\r\n\r\n", ProtocolViolation, "the HTTP exchange broke"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", ProtocolViolation, "the HTTP exchange broke"),
        (b"HTTP/1.1 200 OK\r\nContent-Len", AssociationAborted, "connection closed"),
        (OK + b"Content-Length: 100\r\n\r\n[]", AssociationAborted, "connection closed"),
        (OK + b"Content-Length: -1\r\n\r\n[]", ProtocolViolation, "the HTTP exchange broke"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", ProtocolViolation, "HTTP exchange"),
        (OK + b"X: " + b"x" * 200_000, ProtocolViolation, "the HTTP exchange broke"),
        (OK + b"Content-Length: 1\r\n\r\n[]", ProtocolViolation, "not a DICOMweb service"),
        (
            OK + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx",
            ProtocolViolation,
            "encoded",
        ),
    ],
)
def test_what_is_no_proper_answer_is_told(data: bytes, error: type[TargetError], why: str) -> None:
    with hostile_service(says(data), timeout=2) as peer, pytest.raises(error, match=why):
        query(peer)


def test_a_scheme_that_does_not_fit_the_port_is_told() -> None:
    def alert(wire: Wire) -> None:
        wire.send(b"\x15\x03\x01\x00\x02\x02\x46")  # what OpenSSL answers to a request of HTTP

    with hostile_service(alert) as peer, pytest.raises(ProtocolViolation) as caught:
        query(peer)
    assert "https://" in (caught.value.hint or "")
    with hostile_service(lambda wire: None) as peer, pytest.raises(AssociationAborted) as closed:
        query(peer)
    assert "https://" in (closed.value.hint or "")

    def half(wire: Wire) -> None:
        wire.send(OK[:9])

    with hostile_service(half) as peer, pytest.raises(TargetError) as broken:
        query(peer)
    assert "https://" not in (broken.value.hint or "")


def test_tls_to_a_port_without_is_told() -> None:
    with hostile(lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as at:
        peer = WebPeer(url=f"https://127.0.0.1:{at.port}/dicom-web", timeout=5)
        with pytest.raises(ConnectionFailed) as caught:
            query(peer)
    assert "http://" in (caught.value.hint or "")


def test_a_bomb_that_nobody_asked_for_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    reply = Reply(200, bomb, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
    with service(lambda _: reply) as running, pytest.raises(ProtocolViolation, match="gzip"):
        query(running.peer)
    assert running.asked[0].headers["accept-encoding"] == "identity"


def test_a_service_that_says_nothing_is_given_up_after_its_time() -> None:
    started = time.monotonic()
    with hostile_service(Wire.hang) as peer, pytest.raises(PeerTimeout) as caught:
        query(peer)
    assert time.monotonic() - started < 30
    assert "within 0.5 s, its timeout" in str(caught.value)


@pytest.mark.parametrize("data", [OK + b"X: " + b"x" * 500, OK + b"\r\n" + b"[" + b" " * 500])
def test_a_service_that_drips_its_answer_is_given_up_after_its_time(data: bytes) -> None:
    started = time.monotonic()
    with (
        hostile_service(lambda wire: drip(wire, data, 0.05)) as peer,
        pytest.raises(PeerTimeout),
    ):
        query(peer)
    assert time.monotonic() - started < 30


def test_a_step_does_not_outlive_its_timeout_however_patient_the_site_is() -> None:
    started = time.monotonic()
    with hostile_service(Wire.hang, timeout=60) as peer, pytest.raises(StepTimeout):
        query(peer, Deadline(0.4))
    assert time.monotonic() - started < 30


def test_an_endless_answer_is_cut_off() -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    with (
        hostile_service(endless(head, chunk), timeout=5, answer=0x100000) as peer,
        pytest.raises(ProtocolViolation, match="too large"),
    ):
        query(peer)


@pytest.mark.parametrize(
    ("beginning", "piece", "why"),
    [
        (b"\r\n", b"x" * 0x10000, "no boundary"),
        (b"\r\n--b\r\n\r\n", b"x" * 0x10000, "a part exceeds"),
        (b"\r\n--b\r\n", b"A: b\r\n" * 1000, "headers of a part"),
        (b"\r\n", b"--b\r\n\r\nx\r\n" * 1000, "more than 50 parts"),
    ],
)
def test_an_endless_multipart_answer_is_cut_off(beginning: bytes, piece: bytes, why: str) -> None:
    with (
        hostile_service(
            endless(MULTIPART + beginning, piece), timeout=5, instance=0x40000, parts=50
        ) as peer,
        pytest.raises(ProtocolViolation, match=why),
    ):
        get(peer)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no multipart at all", "no boundary"),
        (b"--b\r\n\r\nhalf an insta", "in the middle"),
        (b"--b\r\nno colon\r\n\r\nx\r\n--b--", "no colon"),
    ],
)
def test_broken_multipart_is_told_and_keeps_what_was_whole(body: bytes, why: str) -> None:
    head = MULTIPART + f"Content-Length: {len(body)}\r\n\r\n".encode()
    with (
        hostile_service(says(head + body), timeout=2) as peer,
        pytest.raises(ProtocolViolation, match=why),
    ):
        get(peer)


def test_parts_that_are_no_dicom_files_are_counted_not_taken() -> None:
    reply = Reply(
        200,
        b"--b\r\n\r\nnot a file\r\n--b\r\n\r\n"
        + bytes(128)
        + b"DICM\x02\x00\x10\x00UI\xff\xff\r\n--b--",
        {"Content-Type": "multipart/related; boundary=b"},
    )
    found: list[Received] = []
    with service(lambda _: reply) as running, Session(running.peer, Deadline(5)) as session:
        result = retrieve(session, ["studies", "1"], found.append)
    assert (result.parts, result.unreadable, found) == (2, 2, [])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_are_not_carried_to_another_place(status: int) -> None:
    with service(lambda _: Reply(200, b"[]")) as elsewhere:
        place = f"{elsewhere.peer.base}/studies?token=s3cret"
        with (
            service(
                lambda _: Reply(status, headers={"Location": place}),
                login=Login(user="fab", password="pw"),
            ) as running,
            pytest.raises(OperationFailed, match="redirected") as caught,
        ):
            query(running.peer)
    assert elsewhere.asked == []
    assert "which is not followed" in caught.value.reason
    assert "s3cret" not in str(caught.value)


def test_a_failure_page_is_read_no_further_than_needed() -> None:
    head = b"HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\n"
    with (
        hostile_service(endless(head, b"sorry " * 10_000), timeout=5) as peer,
        pytest.raises(OperationFailed) as caught,
    ):
        query(peer)
    assert len(str(caught.value)) < 1000


def test_a_url_with_a_user_in_it_is_shown_without_one() -> None:
    with service(lambda _: Reply(204)) as running:
        url = running.peer.url.replace("//", "//fab:s3cret@")
        with Session(WebPeer(url=url), Deadline(5)) as session:
            list(search(session, Search(level="study")))
            assert "s3cret" not in str(session.facts)
    assert "authorization" not in running.asked[0].headers


def test_a_frame_of_any_size_stays_within_the_limit() -> None:
    reply = Reply(200, bytes(1000), {"Content-Type": "application/octet-stream"})
    found: list[Fetched] = []
    limits = WebLimits(instance=999)
    with (
        service(lambda _: reply, limits=limits) as running,
        Session(running.peer, Deadline(5)) as session,
        pytest.raises(ProtocolViolation, match="too large"),
    ):
        fetch(session, "frames", ["studies", "1"], found.append, frames=[1])
