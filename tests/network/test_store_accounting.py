"""Every instance that was pulled ends as acknowledged, refused or unknown, and is never miscounted."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    ConnectionFailed,
    Interrupted,
    PeerTimeout,
    ProtocolViolation,
    StepTimeout,
    TargetError,
)
from scenario_runner.network.store import store
from scenario_runner.sending import Sending
from scenario_runner.ul.commands import Element
from scenario_runner.ul.peer import Peer
from tests.network.hostile import Wire, hostile
from tests.network.objects import CT, PAIR, Encoded, Study
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scenario_runner.answers import StoreStatus


def _send(
    peer: Peer, instances: Iterable[Encoded], deadline: Deadline | None = None
) -> tuple[list[StoreStatus], Exception | None]:
    answers: list[StoreStatus] = []
    try:
        for answer in store(peer, instances, [PAIR], deadline or Deadline(20)):
            answers.append(answer)  # noqa: PERF402 - the error comes after some answers
    except (TargetError, Interrupted, StepTimeout) as error:
        return answers, error
    return answers, None


def _acknowledge(wire: Wire, count: int, status: int = 0, **other: int | str) -> None:
    for _ in range(count):
        context_id, command, _ = wire.read_message()
        uid = command[Element.AFFECTED_SOP_INSTANCE_UID]
        fields = {"affected_sop_instance_uid": uid, **other}
        wire.answer(context_id, command, status, None, **fields)


def test_statuses_and_comments_are_kept_and_a_failure_does_not_end_the_association() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 1)
        _acknowledge(wire, 1, 0xA700, error_comment="disk full")
        _acknowledge(wire, 1, 0xB007)
        _acknowledge(wire, 1)

    with hostile(behave) as peer:
        answers, error = _send(peer, Study().instances(4))
    assert error is None
    assert [a.status for a in answers] == [0, 0xA700, 0xB007, 0]
    assert answers[1].comment == "disk full"
    assert not any(a.maybe_stored for a in answers)


def test_an_instance_handed_over_whole_and_not_acknowledged_may_be_stored() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 2)
        wire.read_message()

    with hostile(behave) as peer:
        answers, error = _send(peer, Study().instances(10))
    assert isinstance(error, AssociationAborted)
    assert [a.status for a in answers] == [0, 0, None, None]
    assert [a.maybe_stored for a in answers] == [False, False, True, False]
    assert "not sent" in answers[3].comment


def test_an_instance_that_broke_off_half_way_is_not_stored() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 1)
        wire.read_pdu()  # the command, and nothing of 8 MB of pixels

    with hostile(behave) as peer:
        answers, error = _send(peer, Study().instances(2, size=2048))
    assert isinstance(error, AssociationAborted)
    assert [(a.status, a.maybe_stored) for a in answers] == [(0, False), (None, False)]


def test_a_peer_that_stops_reading_times_out() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        wire.hang()

    with hostile(behave, response_timeout=0.5) as peer:
        answers, error = _send(peer, Study().instances(2, size=2048))
    assert isinstance(error, PeerTimeout)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, False)]


def test_no_acknowledgement_times_out_and_says_so() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        wire.read_message()
        wire.hang()

    with hostile(behave, response_timeout=0.5) as peer:
        answers, error = _send(peer, Study().instances(1))
    assert isinstance(error, PeerTimeout)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, True)]


def test_an_acknowledgement_of_another_instance_acknowledges_nothing() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 1, affected_sop_instance_uid="1.2.3")
        wire.hang()

    with hostile(behave) as peer:
        answers, error = _send(peer, Study().instances(1))
    assert isinstance(error, ProtocolViolation)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, True)]


def test_an_instance_without_an_accepted_context_fails_alone() -> None:
    odd = Encoded(CT, "1.2.3.4", "1.2.840.10008.1.2.4.70", [b"\0\0"])
    alien = Encoded("1.2.3", "1.2.3.5", "1.2.840.10008.1.2", [b"\0\0"])
    good = list(Study().instances(2))

    associations: list[Wire] = []

    def behave(wire: Wire) -> None:
        associations.append(wire)
        # The second is for what was perhaps refused for its place behind another context.
        wire.accept(only=frozenset((1,)) if len(associations) != 2 else frozenset())
        _acknowledge(wire, 1 if len(associations) != 2 else 0)

    contexts = [PAIR, (odd.sop_class_uid, odd.transfer_syntax_uid)]
    with hostile(behave) as peer:
        answers = list(store(peer, [good[0], odd, alien, good[1]], contexts, Deadline(20)))
    assert [a.status for a in answers] == [0, None, None, 0]
    assert "no accepted presentation context" in answers[1].comment
    assert "not supported" in answers[1].comment
    assert "no presentation context was proposed" in answers[2].comment
    assert not answers[1].maybe_stored


def test_more_contexts_than_fit_are_spread_over_several_associations() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 1000)

    contexts = [(f"1.2.840.10008.5.1.4.1.1.{n}", PAIR[1]) for n in range(200, 350)]
    instances = [Encoded(c, f"1.2.3.{n}", s, [b"\0\0"]) for n, (c, s) in enumerate(contexts)]
    opened: list[Mapping[str, Any]] = []
    with hostile(behave) as peer:
        answers = list(
            store(peer, instances, contexts, Deadline(20), Sending(opened=opened.append))
        )
    assert [a.status for a in answers] == [0] * 150
    assert [len(evidence["contexts"]) for evidence in opened] == [128, 22]


def test_a_generator_that_fails_does_not_lose_the_last_answer() -> None:
    def broken() -> Iterator[Encoded]:
        yield from Study().instances(2)
        raise ZeroDivisionError

    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 5)

    with hostile(behave) as peer:
        answers = store(peer, broken(), [PAIR], Deadline(20))
        assert [next(answers).status, next(answers).status] == [0, 0]
        with pytest.raises(ZeroDivisionError):
            next(answers)


def test_nothing_is_built_for_a_peer_that_is_not_there() -> None:
    pulled: list[int] = []

    def instances() -> Iterator[Encoded]:
        pulled.append(1)
        yield from Study().instances(1)

    peer = Peer(host="127.0.0.1", port=free_port(), ae_title="NOBODY")
    _, error = _send(peer, instances())
    assert isinstance(error, ConnectionFailed)
    assert pulled == []


def test_an_interruption_leaves_every_pulled_instance_accounted_for() -> None:
    cancelled = threading.Event()

    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 3)
        cancelled.set()
        wire.hang()

    pulled: list[Encoded] = []

    def instances() -> Iterator[Encoded]:
        for instance in Study().instances(10):
            pulled.append(instance)
            yield instance

    with hostile(behave, response_timeout=30) as peer:
        started = time.monotonic()
        answers, error = _send(peer, instances(), Deadline(None, cancelled))
        assert time.monotonic() - started < 5
    assert isinstance(error, Interrupted)
    assert [a.sop_instance_uid for a in answers] == [i.sop_instance_uid for i in pulled]


def test_an_interruption_in_the_middle_of_an_instance_never_completes_it() -> None:
    cancelled, received = threading.Event(), bytearray()

    def behave(wire: Wire) -> None:
        wire.accept()
        wire.connection.recv(1, socket.MSG_PEEK)  # the instance has begun
        cancelled.set()
        time.sleep(0.8)
        while data := wire.connection.recv(1 << 20):
            received.extend(data)

    [instance] = Study().instances(1, size=4096)
    with hostile(behave, response_timeout=30) as peer:
        answers, error = _send(peer, [instance], Deadline(None, cancelled))
    assert isinstance(error, Interrupted)
    assert [(a.status, a.maybe_stored) for a in answers] == [(None, False)]
    assert 0 < len(received) < len(instance.data)
    abort = b"\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00"
    assert not received.endswith(abort), "it would be taken for data of the open PDU"


def test_a_sop_class_that_no_request_can_hold_fails_alone() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 1)

    [good] = Study().instances(1)
    odd = Encoded("1.2." + "3" * 70, "1.2.3.4", PAIR[1], [b"\0\0"])
    contexts = [(odd.sop_class_uid, odd.transfer_syntax_uid), PAIR]
    with hostile(behave) as peer:
        answers = list(store(peer, [odd, good], contexts, Deadline(20)))
    assert [a.status for a in answers] == [None, 0]


def test_the_rate_is_kept() -> None:
    def behave(wire: Wire) -> None:
        wire.accept()
        _acknowledge(wire, 11)

    with hostile(behave) as peer:
        started = time.monotonic()
        answers = list(store(peer, Study().instances(11), [PAIR], Deadline(20), Sending(rate=20)))
        took = time.monotonic() - started
    assert len(answers) == 11
    assert took >= 0.5


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 60_000))
def test_a_connection_cut_anywhere_never_miscounts(cut: int) -> None:
    acknowledged: list[int | str] = []

    def behave(wire: Wire) -> None:
        wire.accept(max_pdu=4096)
        left = cut

        def read(size: int, whole: Wire = wire) -> bytes:
            nonlocal left
            left -= size
            if left < 0:
                raise ConnectionError
            return Wire.read(whole, size)

        wire.read = read  # type: ignore[method-assign]
        while True:
            context_id, command, _ = wire.read_message()
            acknowledged.append(command[Element.AFFECTED_SOP_INSTANCE_UID])
            wire.answer(context_id, command)

    instances = list(Study().instances(6))
    with hostile(behave) as peer:
        answers, error = _send(peer, instances)
    uids = [a.sop_instance_uid for a in answers]
    assert uids == [i.sop_instance_uid for i in instances[: len(uids)]]
    # The peer may have acknowledged one more than reached us, never one less.
    confirmed = [a.sop_instance_uid for a in answers if a.status == 0]
    assert confirmed == acknowledged[: len(confirmed)]
    assert len(acknowledged) - len(confirmed) <= 1
    for uid in acknowledged[len(confirmed) :]:
        assert answers[uids.index(str(uid))].maybe_stored
    if len(confirmed) < len(instances):
        assert isinstance(error, TargetError)
        assert sum(a.maybe_stored for a in answers) <= 1
