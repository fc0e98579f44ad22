"""QIDO-RS in a load: one request for each question, over a connection that is kept, and nothing lost by that."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.network.dicomweb.kept_connection import KeptConnection
from scenario_runner.network.dicomweb.peer import Login
from scenario_runner.network.dicomweb.repeated_search import RepeatedSearch
from scenario_runner.network.dicomweb.search import Search
from scenario_runner.network.dicomweb.session import Session
from scenario_runner.network.dicomweb.wire import Line
from tests.network.dicomweb.services import (
    DICOM_JSON,
    Asked,
    Reply,
    Service,
    dicom_json,
    hostile_service,
    service,
)
from tests.network.hostile import Wire, drip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.network.dicomweb.peer import WebPeer

FOUND = Reply(200, dicom_json({"StudyInstanceUID": "1.2.3"}), DICOM_JSON)


def ask(running: Service, *queries: Search) -> list[list[dict[str, Any]]]:
    """Each in turn over one session."""
    with Session(running.peer, Deadline(10)) as session:
        repeated = RepeatedSearch(session)
        return [repeated.search(repr(one), partial(_given, one)) for one in queries]


def _given(query: Search) -> Search:
    return query


def study(**match: Any) -> Search:
    return Search(level="study", match=match, limit=5)


def test_each_question_is_one_request_that_says_what_the_first_one_said() -> None:
    login = Login(user="user", password="secret")
    with service(lambda _: FOUND, login=login, headers={"X-Tenant": "a"}) as running:
        found = ask(running, *[study(PatientID="A*")] * 3, study(PatientID="B"))
    assert [one[0]["StudyInstanceUID"] for one in found] == ["1.2.3"] * 4
    assert [one.path for one in running.asked] == [
        *["/dicom-web/studies?PatientID=A*&limit=5"] * 3,
        "/dicom-web/studies?PatientID=B&limit=5",
    ]
    kept = ("host", "accept", "accept-encoding", "user-agent", "authorization", "x-tenant")
    said = [[one.headers.get(name) for name in kept] for one in running.asked]
    assert all(said[0])
    assert said == [said[0]] * 4


def test_an_answer_that_changes_is_seen() -> None:
    bodies = [dicom_json({"StudyInstanceUID": f"1.2.{number // 2}"}) for number in range(6)]
    replies = iter([Reply(200, body, DICOM_JSON) for body in bodies] + [Reply(204)])
    with service(lambda _: next(replies)) as running:
        found = ask(running, *[study()] * 7)
    uids = [[match["StudyInstanceUID"] for match in one] for one in found]
    assert uids == [["1.2.0"], ["1.2.0"], ["1.2.1"], ["1.2.1"], ["1.2.2"], ["1.2.2"], []]
    assert found[2] is found[3] or found[4] is found[5]


def test_a_service_that_stumbles_over_carets_is_asked_in_its_own_way() -> None:
    def behave(asked: Asked) -> Reply:
        return Reply(400) if "^" in asked.path else FOUND

    with service(behave) as running:
        found = ask(running, study(), *[study(PatientName="CITIZEN^JANE")] * 3)
    assert all(found)
    assert sum("^" in one.path for one in running.asked) == 1


def test_what_is_no_success_is_told_with_the_reason() -> None:
    replies = iter([FOUND, FOUND, Reply(503, b"too many", {"Content-Type": "text/plain"})])
    with (
        service(lambda _: next(replies)) as running,
        pytest.raises(
            OperationFailed, match=r"QIDO-RS failed: HTTP 503 Service Unavailable \(too many\)"
        ),
    ):
        ask(running, *[study()] * 3)


def test_a_service_that_ends_the_connection_each_time_is_asked_over_another_one() -> None:
    closing = Reply(200, FOUND.body, {**DICOM_JSON, "Connection": "close"})
    with service(lambda _: closing) as running:
        assert all(ask(running, *[study()] * 4))
        assert len(running.asked) == 4


BODY = FOUND.body
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
WHOLE = {
    "a length": HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "chunks": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\n" + BODY[:5]
    + b"\r\n%X\r\n" % (len(BODY) - 5) + BODY[5:] + b"\r\n0\r\nTrailer: 1\r\nOther: 2\r\n\r\n",
    "chunks without a trailer": HEAD
    + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n",
    "the end of the connection": HEAD + b"\r\n" + BODY,
    "HTTP/1.0": HEAD.replace(b"1.1", b"1.0") + b"\r\n" + BODY,
    "no reason phrase": HEAD.replace(b" OK", b"") + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY,
    "an interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD + b"\r\n" + BODY,
}  # fmt: skip
BROKEN = {
    "no HTTP": (b"SSH-2.0-x\r\n\r\n", ProtocolViolation, "does not speak HTTP/1.1"),
    "nothing": (b"", AssociationAborted, "before the answer was whole"),
    "half a head": (HEAD, AssociationAborted, "before the answer was whole"),
    "half a body": (
        HEAD + b"Content-Length: 900\r\n\r\n[]", AssociationAborted, "before the answer was whole",
    ),
    "no length": (HEAD + b"Content-Length: -1\r\n\r\n", ProtocolViolation, "HTTP/1.1"),
    "too long": (
        HEAD + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000, ProtocolViolation, "more than 4000 bytes",
    ),
    "no end": (HEAD + b"\r\n" + b"x" * 5000, ProtocolViolation, "more than 4000 bytes"),
    "chunks too long": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + b"x" * 5000, ProtocolViolation, "more than",
    ),
    "a bad chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", ProtocolViolation, "HTTP"),
    "an unknown coding": (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", ProtocolViolation, "HTTP/1.1"),
    "a broken header": (HEAD + b"no colon\r\n\r\n", ProtocolViolation, "HTTP/1.1"),
    "a space in a name": (HEAD + b"Content-Length : 2\r\n\r\n[]", ProtocolViolation, "HTTP/1.1"),
    "an endless head": (HEAD + b"X: " + b"y" * 200_000, ProtocolViolation, "HTTP/1.1"),
}  # fmt: skip


def kept_connection(peer: WebPeer) -> KeptConnection:
    line = Line(peer.connection(), Deadline(10))
    return KeptConnection(peer, line, {"User-Agent": "test"})


def answered(data: bytes) -> Any:
    def behave(wire: Wire) -> None:
        wire.send(data)

    with hostile_service(behave, answer=4000) as peer:
        kept = kept_connection(peer)
        try:
            return kept.get(f"{peer.base}/studies", "application/dicom+json")
        finally:
            kept.close()


@pytest.mark.parametrize("how", WHOLE)
def test_an_answer_may_end_in_any_way_that_http_knows(how: str) -> None:
    answer = answered(WHOLE[how])
    assert (answer.status_code, answer.body) == (200, BODY)
    assert answer.headers["content-type"] == "application/dicom+json"


@pytest.mark.parametrize("how", BROKEN)
def test_what_breaks_an_answer_is_told_in_words(how: str) -> None:
    data, kind, said = BROKEN[how]
    with pytest.raises(TargetError, match=said) as raised:
        answered(data)
    assert isinstance(raised.value, kind)


def test_a_service_that_drips_its_answer_is_given_up_after_its_time() -> None:
    """Each byte comes in time, and the whole never would."""
    with (
        hostile_service(lambda wire: drip(wire, HEAD + b" " * 500, 0.05), timeout=0.3) as peer,
        pytest.raises(PeerTimeout, match=r"64 KiB more of it within 0\.3 s"),
    ):
        kept_connection(peer).get(f"{peer.base}/studies", "*/*")


def test_a_service_that_says_no_more_is_not_waited_for_for_ever() -> None:
    def behave(wire: Wire) -> None:
        wire.send(HEAD)
        wire.stop.wait(10)

    with hostile_service(behave, timeout=0.3) as peer, pytest.raises(PeerTimeout):
        kept_connection(peer).get(f"{peer.base}/studies", "*/*")


def test_an_encoded_answer_is_not_taken_for_json() -> None:
    encoded = Reply(200, BODY, {**DICOM_JSON, "Content-Encoding": "gzip"})
    replies: Sequence[Reply] = [FOUND, encoded]
    pending = iter(replies)
    with (
        service(lambda _: next(pending)) as running,
        pytest.raises(ProtocolViolation, match="the answer is encoded"),
    ):
        ask(running, *[study()] * 2)


def test_what_the_path_says_an_answer_of_a_load_need_not_repeat() -> None:
    match = {"StudyInstanceUID": "1.2"}
    reply = Reply(200, dicom_json({"SeriesInstanceUID": "1.2.1"}), DICOM_JSON)
    with service(lambda _: reply) as running:
        found = ask(running, *[Search(level="series", match=match)] * 3)
    assert found == [[{**match, "SeriesInstanceUID": "1.2.1"}]] * 3
