"""STOW-RS: every instance gets one honest answer, whatever a service says or leaves unsaid."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    Interrupted,
    OperationFailed,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.network.dicomweb.batches import BYTES, gathered
from scenario_runner.network.dicomweb.peer import Login, WebPeer
from scenario_runner.network.dicomweb.store import store
from scenario_runner.sending import Sending
from tests.network.dicomweb.services import (
    DICOM_JSON,
    Asked,
    Reply,
    results_json,
    results_xml,
    service,
)
from tests.network.objects import Encoded, Study
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scenario_runner.answers import StoreStatus


def images(count: int) -> list[Encoded]:
    return list(Study().instances(count, 8))


def send(peer: WebPeer, instances: list[Encoded], **options: Any) -> list[StoreStatus]:
    return list(store(peer, instances, Deadline(20), Sending(**options)))


def answering(status: int, body: bytes) -> Callable[[Asked], Reply]:
    """A service that answers everything with this JSON."""
    return lambda _: Reply(status, body, DICOM_JSON)


def sent_until_it_broke(
    peer: WebPeer, instances: list[Encoded], **options: Any
) -> tuple[list[StoreStatus], BaseException | None]:
    answers: list[StoreStatus] = []
    try:
        # What came before the error stays in the list.
        answers.extend(store(peer, instances, Deadline(20), Sending(**options)))
    except TargetError as error:
        return answers, error
    return answers, None


def all_stored(asked: Asked) -> Reply:
    return Reply(200, results_json(dict.fromkeys(asked.uids)), DICOM_JSON)


def test_what_arrives_is_what_was_sent_byte_for_byte() -> None:
    instances = images(45)
    with service(all_stored) as running:
        answers = send(running.peer, instances)
    arrived = [one for asked in running.asked for one in asked.instances]
    assert [bytes(one.data) for one in arrived] == [one.data for one in instances]
    assert {one.transfer_syntax_uid for one in arrived} == {instances[0].transfer_syntax_uid}
    assert [len(asked.uids) for asked in running.asked] == [20, 20, 5]
    assert [a.sop_instance_uid for a in answers] == [one.sop_instance_uid for one in instances]
    assert {(a.status, a.http) for a in answers} == {(0, 200)}
    assert answers[0].retrieve_url == f"http://x/{instances[0].sop_instance_uid}"
    assert running.asked[0].path == "/dicom-web/studies"


def test_each_instance_of_a_batch_gets_its_own_result() -> None:
    good, warned, refused = images(3)

    def some(asked: Asked) -> Reply:
        stored = {good.sop_instance_uid: None, warned.sop_instance_uid: 0xB000}
        failed = {refused.sop_instance_uid: 0xA900}
        return Reply(202, results_json(stored, failed), DICOM_JSON)

    with service(some) as running:
        answers = send(running.peer, [good, warned, refused])
    assert [a.status for a in answers] == [0x0000, 0xB000, 0xA900]
    assert answers[2].comment == "HTTP 202 Accepted, FailureReason A900 (43264)"
    assert len(running.asked) == 1


def test_a_service_that_answers_xml_is_understood() -> None:
    good, bad = images(2)
    body = results_xml([good.sop_instance_uid], {bad.sop_instance_uid: 0x0122})
    reply = Reply(202, body, {"Content-Type": "application/dicom+xml"})
    with service(lambda _: reply) as running:
        answers = send(running.peer, [good, bad])
    assert [a.status for a in answers] == [0, 0x0122]


@pytest.mark.parametrize("http", [200, 202, 409])
@pytest.mark.parametrize(
    "reason", [0xB00E, 0xB000, 0xB007, 0x0107, 0x0116, 0x0001, 0xFE00, 0xFF00, 0xA700, 0]
)
def test_what_stands_among_the_failed_was_not_stored_whatever_its_reason(
    http: int, reason: int
) -> None:
    [image] = images(1)
    body = results_json(None, {image.sop_instance_uid: reason})
    with service(lambda _: Reply(http, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.verdict, answer.maybe_stored) == ("failure", False)
    assert answer.status == (reason or 0x0110)
    assert ("gives no FailureReason" in answer.comment) == (not reason)
    assert ("0110" in answer.comment) == (reason == 0x0110)
    assert answer.kind == "failure"
    assert not answer.stored


@pytest.mark.parametrize("reason", [0xB000, 0xB00E, 0xA700, 0x0110])
def test_what_stands_among_the_stored_was_stored_with_a_warning_whatever_its_reason(
    reason: int,
) -> None:
    [image] = images(1)
    body = results_json({image.sop_instance_uid: reason})
    with service(lambda _: Reply(202, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.kind, answer.status) == ("warning", reason)


def test_of_several_warning_reasons_one_is_told_and_an_item_without_a_name_is_nobody() -> None:
    [instance] = images(1)
    items = [
        {"00081155": {"vr": "UI", "Value": [instance.sop_instance_uid]},
         "00081196": {"vr": "US", "Value": [0xB006, 0xB000]}},
        {"00081196": {"vr": "US", "Value": [0xB000]}},
    ]  # fmt: skip
    body = json.dumps({"00081199": {"vr": "SQ", "Value": items}}).encode()
    with service(answering(202, body)) as running:
        [answer] = send(running.peer, [instance])
    assert (answer.status, answer.kind) == (0xB006, "warning")
    body = json.dumps({"00081199": {"vr": "SQ", "Value": items[1:]}}).encode()
    with service(answering(202, body)) as running:
        [answer] = send(running.peer, [instance])
    assert answer.kind == "unknown"


def one_item(sequence: str, **said: Any) -> bytes:
    """A response with one item, its attributes in the JSON model by tag."""
    return json.dumps({sequence: {"vr": "SQ", "Value": [said]}}).encode()


STORED = "00081199"


@pytest.mark.parametrize(
    "body",
    [
        b'{"00081198": {"vr": "SQ", "Value": [null]}}',
        b'{"00081198": {"vr": "SQ", "Value": [{}]}}',
        b'{"00081197": {"vr": "US", "Value": [272]}}',
    ],
)
def test_a_failure_that_is_said_in_an_odd_way_is_no_success(body: bytes) -> None:
    [image] = images(1)
    with service(answering(200, body)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.kind, answer.status) == ("failure", 0x0110)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"00081197": {"vr": "US", "Value": [272]}}, "with FailureReason 272"),
        ({"00081196": {"vr": "US", "Value": [70000]}}, "with WarningReason 70000, which is none"),
        (
            {"00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.7"]}},
            "as Secondary Capture Image Storage, not as CT Image Storage",
        ),
    ],
)
def test_what_is_odd_about_an_instance_that_is_named_as_stored_is_a_warning(
    said: dict[str, Any], words: str
) -> None:
    [image] = images(1)
    named = {"00081155": {"vr": "UI", "Value": [image.sop_instance_uid]}}
    body = one_item(STORED, **(named | said))
    with service(answering(200, body)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.kind, answer.stored) == ("warning", True)
    assert answer.comment.endswith(words)


def test_a_warning_is_not_lost_when_the_instance_is_named_again_without() -> None:
    [image] = images(1)
    named = {"00081155": {"vr": "UI", "Value": [image.sop_instance_uid]}}
    warned = {**named, "00081196": {"vr": "US", "Value": [0xB000]}}
    body = json.dumps({STORED: {"vr": "SQ", "Value": [warned, named]}}).encode()
    with service(answering(202, body)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.kind, answer.status) == ("warning", 0xB000)


def test_an_empty_list_of_failures_beside_a_success_is_a_success() -> None:
    [image] = images(1)
    body = json.loads(results_json({image.sop_instance_uid: None}))
    for empty in ({"vr": "SQ"}, {"vr": "SQ", "Value": []}, {"vr": "SQ", "Value": None}):
        text = json.dumps({**body, "00081198": empty, "0008119A": empty}).encode()
        with service(answering(200, text)) as running:
            [answer] = send(running.peer, [image])
        assert (answer.status, answer.verdict) == (0, "success")


def test_an_instance_named_as_stored_and_as_failed_is_not_stored() -> None:
    [image] = images(1)
    uid = image.sop_instance_uid
    with service(lambda _: Reply(202, results_json({uid: None}, {uid: 0xB000}), DICOM_JSON)) as it:
        [answer] = send(it.peer, [image])
    assert answer.verdict == "failure"
    assert "named as stored as well" in answer.comment


def test_a_failure_of_the_whole_request_leaves_in_doubt_what_it_names_as_stored() -> None:
    [image] = images(1)
    body = results_json({image.sop_instance_uid: None})
    with service(lambda _: Reply(409, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.status, answer.maybe_stored) == (None, True)
    assert answer.kind == "unknown"


def test_a_failure_that_names_no_instance_fails_the_one_that_was_sent() -> None:
    for nameless in ("00081198", "0008119A"):
        item = {"00081197": {"vr": "US", "Value": [0xB00E]}}
        body = json.dumps({nameless: {"vr": "SQ", "Value": [item]}}).encode()
        with service(answering(200, body)) as running:
            [answer] = send(running.peer, images(1))
        assert (answer.status, answer.verdict) == (0xB00E, "failure")


def test_a_failure_without_a_name_beside_a_success_of_all_is_told() -> None:
    image = images(1)
    body = results_json({image[0].sop_instance_uid: None}, {}, [0x0110])
    with service(lambda _: Reply(202, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, image)
    assert answer.kind == "warning"
    assert "FailureReason 0110 (272) of something that it does not name" in answer.comment


def test_a_success_told_for_another_instance_is_none_for_ours() -> None:
    body = results_json({"1.2.3": None})
    with service(lambda _: Reply(200, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, images(1))
    assert (answer.status, answer.maybe_stored) == (None, True)
    assert answer.comment.endswith("it names 1.2.3 as stored, which was not sent")


def test_a_failure_of_what_was_not_sent_is_told_beside_a_success() -> None:
    [image] = images(1)
    body = results_json({image.sop_instance_uid: None}, {"1.2.3": 0x0110})
    with service(lambda _: Reply(202, body, DICOM_JSON)) as running:
        [answer] = send(running.peer, [image])
    assert (answer.kind, answer.stored) == ("warning", True)
    assert answer.comment.endswith("FailureReason 0110 (272) of 1.2.3, which was not sent")


@pytest.mark.parametrize("empty", [{"vr": "SQ"}, {"vr": "SQ", "Value": []}])
def test_a_success_that_names_an_empty_sequence_of_what_was_stored_is_in_doubt(empty: Any) -> None:
    with service(answering(200, json.dumps({STORED: empty}).encode())) as running:
        [answer] = send(running.peer, images(1))
    assert (answer.status, answer.kind) == (0, "warning")


def test_a_duplicate_refused_in_xml_with_a_reason_like_a_warning_is_not_stored() -> None:
    good, bad = images(2)
    body = results_xml([good.sop_instance_uid], {bad.sop_instance_uid: 45070})
    reply = Reply(202, body, {"Content-Type": "application/dicom+xml"})
    with service(lambda _: reply) as running:
        answers = send(running.peer, [good, bad])
    assert [a.kind for a in answers] == ["success", "failure"]


@pytest.mark.parametrize(
    "said", [b'{"error": "quota exceeded"}', b'{"ReferencedSOPSequence": []}', b'[{"ok": true}]']
)
def test_json_that_is_no_dicom_is_not_taken_for_success(said: bytes) -> None:
    with service(lambda _: Reply(200, said)) as running:
        answers, error = sent_until_it_broke(running.peer, images(2))
    assert isinstance(error, ProtocolViolation)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, True)] * 2
    with service(lambda _: Reply(409, said)) as running:
        assert [a.status for a in send(running.peer, images(2))] == [0x0110] * 2


def test_an_empty_200_means_that_everything_was_stored_and_the_record_says_what_it_lacks() -> None:
    with service(lambda _: Reply(200)) as running:
        answers = send(running.peer, images(3))
    assert [(a.status, a.verdict) for a in answers] == [(0, "success")] * 3
    assert {a.comment for a in answers} == {"HTTP 200 OK, and no instance is named in it"}


def test_an_instance_the_response_does_not_mention_is_asked_for_alone() -> None:
    instances = images(3)
    silent = instances[1].sop_instance_uid

    def forgetful(asked: Asked) -> Reply:
        if len(asked.uids) > 1:
            told = dict.fromkeys(uid for uid in asked.uids if uid != silent)
            return Reply(202, results_json(told), DICOM_JSON)
        return Reply(409, results_json(None, None, [0xC122]), DICOM_JSON)

    with service(forgetful) as running:
        answers = send(running.peer, instances)
    assert [a.status for a in answers] == [0, 0xC122, 0]
    assert "sent again after: HTTP 202 Accepted to several instances" in answers[1].comment
    assert [len(asked.uids) for asked in running.asked] == [3, 1]


@pytest.mark.parametrize(
    ("http", "status"), [(400, 0x0110), (409, 0x0110), (413, 0xA700), (415, 0x0110), (500, 0x0110)]
)
def test_a_bare_refusal_is_a_failure_of_each_instance_with_the_words_of_http(
    http: int, status: int
) -> None:
    reply = Reply(http, b"no room\nfor this", {"Content-Type": "text/plain"})
    with service(lambda _: reply) as running:
        answers = send(running.peer, images(2))
    assert [(a.status, a.http, a.maybe_stored) for a in answers] == [(status, http, False)] * 2
    assert all(f"HTTP {http}" in a.comment and "(no room for this)" in a.comment for a in answers)
    # Once together, then each alone: one bad instance must not fail its neighbours.
    assert [len(asked.uids) for asked in running.asked] == [2, 1, 1]


def test_a_problem_document_is_told_by_what_it_says_for_people() -> None:
    said = b'{"type": "urn:x", "title": "Conflict", "detail": "no room here", "code": "full"}'
    reply = Reply(409, said, {"Content-Type": "application/problem+json"})
    with service(lambda _: reply) as running:
        [answer] = send(running.peer, images(1))
    assert "(no room here)" in answer.comment
    cut = Reply(409, said[:20], {"Content-Type": "application/problem+json"})
    with service(lambda _: cut) as running:
        [answer] = send(running.peer, images(1))
    assert "urn:x" in answer.comment or "type" in answer.comment


def test_a_busy_service_is_not_asked_again_for_each_instance() -> None:
    with service(lambda _: Reply(503)) as running:
        answers = send(running.peer, images(5))
    assert {a.status for a in answers} == {0xA700}
    assert len(running.asked) == 1


def test_an_unexplained_202_is_no_success_and_no_failure() -> None:
    with service(lambda _: Reply(202)) as running:
        [answer] = send(running.peer, images(1))
    assert (answer.status, answer.maybe_stored) == (None, True)
    assert "without a result for this instance" in answer.comment


@pytest.mark.parametrize("http", [401, 403])
def test_a_service_that_does_not_let_us_in_ends_the_step(http: int) -> None:
    with service(lambda _: Reply(http)) as running:
        answers, error = sent_until_it_broke(running.peer, images(2))
    assert isinstance(error, OperationFailed)
    assert error.hint is not None
    assert "'auth'" in error.hint
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, False)] * 2


def test_a_page_that_is_no_dicomweb_is_not_taken_for_success() -> None:
    page = Reply(200, b"<html><body>welcome</body></html>", {"Content-Type": "text/html"})
    with service(lambda _: page) as running:
        answers, error = sent_until_it_broke(running.peer, images(2))
    assert isinstance(error, ProtocolViolation)
    assert [a.status for a in answers] == [None, None]
    with service(lambda _: Reply(404)) as running:
        _, error = sent_until_it_broke(running.peer, images(2))
    assert isinstance(error, OperationFailed)
    assert error.hint is not None
    assert "url" in error.hint


def test_when_the_connection_breaks_nothing_is_miscounted() -> None:
    def breaks_after_one(asked: Asked) -> Reply:
        return all_stored(asked) if len(running.asked) == 1 else Reply(hang_up=True)

    instances = images(70)
    with service(breaks_after_one) as running:
        answers, error = sent_until_it_broke(running.peer, instances)
    assert isinstance(error, AssociationAborted)
    assert [a.sop_instance_uid for a in answers] == [
        one.sop_instance_uid for one in instances[: len(answers)]
    ]
    assert [a.status for a in answers[:20]] == [0] * 20
    # All of the second request went out, so they may be there; of the third nothing did.
    assert {(a.status, a.maybe_stored) for a in answers[20:40]} == {(None, True)}
    assert {(a.status, a.maybe_stored) for a in answers[40:]} <= {(None, False), (None, True)}


def test_a_broken_request_is_sent_again_when_that_was_asked_for() -> None:
    def breaks_once(asked: Asked) -> Reply:
        return Reply(hang_up=True) if len(running.asked) == 1 else all_stored(asked)

    with service(breaks_once) as running:
        answers = send(running.peer, images(3), resumes=1)
    assert [a.status for a in answers] == [0, 0, 0]
    assert all("sent again after: connection closed" in a.comment for a in answers)
    assert running.asked[0].uids == running.asked[1].uids


def test_an_instance_at_which_the_service_hangs_up_can_be_given_up() -> None:
    instances = images(4)
    bad = instances[1].sop_instance_uid

    def chokes(asked: Asked) -> Reply:
        return Reply(hang_up=True) if bad in asked.uids else all_stored(asked)

    with service(chokes) as running:
        answers = send(running.peer, instances, skips=True)
    assert [(a.status, a.maybe_stored) for a in answers] == [
        (0, False),
        (None, True),
        (0, False),
        (0, False),
    ]


def test_nothing_that_listens_leaves_nothing_in_doubt() -> None:
    peer = WebPeer(url=f"http://127.0.0.1:{free_port()}", connect_timeout=1)
    answers, error = sent_until_it_broke(peer, images(2))
    assert isinstance(error, ConnectionFailed)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, False)] * 2


def test_several_connections_at_once_lose_and_double_nothing() -> None:
    connections: list[Any] = []
    together = threading.Barrier(2, timeout=5)

    def slowly(asked: Asked) -> Reply:
        with contextlib.suppress(threading.BrokenBarrierError):
            together.wait(1)
        return all_stored(asked)

    instances = images(90)
    with service(slowly) as running:
        answers = send(running.peer, instances, associations=2, opened=connections.append)
    assert [a.sop_instance_uid for a in answers] == [one.sop_instance_uid for one in instances]
    arrived = [uid for asked in running.asked for uid in asked.uids]
    assert sorted(arrived) == sorted(one.sop_instance_uid for one in instances)
    assert len(connections) == 2
    assert sum(facts["requests"] for facts in connections) == len(running.asked) == 5


def test_an_error_of_the_instances_comes_after_the_answers_to_what_was_sent() -> None:
    def breaking() -> Iterator[Encoded]:
        yield from images(2)
        raise OSError("the disk is gone")

    answers: list[StoreStatus] = []
    with service(all_stored) as running, pytest.raises(OSError, match="disk"):
        answers.extend(store(running.peer, breaking(), Deadline(10)))
    assert [a.status for a in answers] == [0, 0]


def test_one_uid_twice_is_two_requests_with_two_results() -> None:
    [instance] = images(1)
    with service(all_stored) as running:
        answers = send(running.peer, [instance, instance])
    assert [a.status for a in answers] == [0, 0]
    assert [len(asked.uids) for asked in running.asked] == [1, 1]


def test_a_request_is_bounded_in_bytes_and_a_rate_in_instances() -> None:
    piece = bytes(BYTES // 2)
    big = [Encoded("1.2", f"1.2.{n}", "1.2.840.10008.1.2.1", (piece,)) for n in range(5)]
    assert [len(batch.instances) for batch in gathered(big, 20)] == [2, 2, 1]
    with service(all_stored) as running:
        send(running.peer, images(3), rate=100.0)
    assert [len(asked.uids) for asked in running.asked] == [1, 1, 1]


def test_cancelling_ends_a_request_that_waits() -> None:
    cancelled = threading.Event()

    def never(asked: Asked) -> Reply:
        cancelled.set()
        threading.Event().wait(1)
        return all_stored(asked)

    answers: list[StoreStatus] = []
    with service(never, timeout=30) as running, pytest.raises(Interrupted):
        answers.extend(store(running.peer, images(2), Deadline(30, cancelled)))
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, True)] * 2


def test_logins_and_headers_go_with_every_request_and_into_no_evidence() -> None:
    seen: list[Any] = []
    cases = [
        (Login(user="fab", password="pässword"), "Basic ZmFiOnDDpHNzd29yZA=="),
        (Login(bearer="t0ken"), "Bearer t0ken"),
    ]
    for login, expected in cases:
        with service(lambda _: Reply(200), login=login, headers={"X-Api-Key": "k3y"}) as running:
            send(running.peer, images(21), opened=seen.append)
        assert {asked.headers["authorization"] for asked in running.asked} == {expected}
        assert {asked.headers["x-api-key"] for asked in running.asked} == {"k3y"}
        assert "pässword" not in repr(running.peer)
        assert "t0ken" not in repr(running.peer)
    assert not any(secret in str(seen) for secret in ("ssword", "t0ken", "k3y", "ZmFi"))
    assert {facts["requests"] for facts in seen} == {2}


def test_a_proxy_in_the_environment_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    with service(lambda _: Reply(200)) as running:
        assert [a.status for a in send(running.peer, images(1))] == [0]
