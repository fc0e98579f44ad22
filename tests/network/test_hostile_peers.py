"""Whatever a peer does, the caller gets a named error in bounded time: no hang, no traceback."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    AssociationRejected,
    ConnectionFailed,
    Interrupted,
    NoAcceptedContext,
    OperationFailed,
    PeerTimeout,
    ProtocolViolation,
    StepTimeout,
    TargetError,
)
from scenario_runner.network.echo import echo
from scenario_runner.network.find import Query, find
from scenario_runner.network.retrieve import get
from scenario_runner.ul.commands import Element
from scenario_runner.ul.contexts import Proposal
from scenario_runner.ul.peer import Limits, Peer
from scenario_runner.ul.requesting import accepted, contexts_of
from tests.network.hostile import Wire, drip, hostile, pdv
from tests.network.objects import CT, PAIR
from tests.peers.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable


def _query() -> Query:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.StudyInstanceUID = ""
    return Query(level="study", identifier=identifier)


def _echo_fails(behave: Callable[[Wire], None], kind: type[TargetError]) -> TargetError:
    with hostile(behave, response_timeout=0.6) as peer:
        started = time.monotonic()
        with pytest.raises(kind) as caught:
            echo(peer, Deadline(20))
        assert time.monotonic() - started < 3.0
    assert (caught.value.host, caught.value.port) == (peer.host, peer.port)
    assert caught.value.ae_title == "HOSTILE"
    assert caught.value.reason
    return caught.value


def test_a_closed_port_is_connection_refused() -> None:
    peer = Peer(host="127.0.0.1", port=free_port(), ae_title="NOBODY")
    with pytest.raises(ConnectionFailed, match=r"NOBODY at 127.0.0.1:.*refused"):
        echo(peer, Deadline(5))


def test_an_unknown_host_is_named() -> None:
    peer = Peer(host="no-such-host.invalid", port=104, ae_title="NOBODY", connect_timeout=8)
    with pytest.raises(ConnectionFailed, match=r"no-such-host\.invalid"):
        echo(peer, Deadline(20))


def test_a_port_that_accepts_and_never_answers_times_out() -> None:
    error = _echo_fails(Wire.hang, PeerTimeout)
    assert "0.6 s" in error.reason


def test_a_web_server_is_recognised_as_no_dicom() -> None:
    error = _echo_fails(
        lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ProtocolViolation
    )
    assert error.hint is not None
    assert "port" in error.hint


def test_closing_at_once_is_an_aborted_association() -> None:
    error = _echo_fails(lambda wire: None, AssociationAborted)
    assert "closed" in error.reason or "reset" in error.reason.lower()


def test_an_oversized_pdu_length_is_refused_unread() -> None:
    error = _echo_fails(lambda wire: wire.send(b"\x02\x00\xff\xff\xff\xff"), ProtocolViolation)
    assert "4294967295" in error.reason


def test_a_slow_loris_is_cut_off_by_the_response_timeout() -> None:
    _echo_fails(
        lambda wire: drip(wire, b"\x02\x00\x00\x00\x10\x00" + bytes(4000), 0.05), PeerTimeout
    )


@pytest.mark.parametrize(
    ("result", "source", "reason", "words"),
    [
        (1, 1, 7, "called AE title not recognized; rejected permanently by the application"),
        (1, 1, 3, "calling AE title not recognized; rejected permanently"),
        (2, 3, 1, "temporary congestion; rejected for now"),
        (2, 3, 2, "local limit exceeded; rejected for now"),
        (1, 2, 2, "protocol version not supported"),
        (9, 9, 9, "unknown reason 9; unknown result 9 by the unknown source 9"),
    ],
)
def test_a_rejection_is_said_in_words(result: int, source: int, reason: int, words: str) -> None:
    def reject(wire: Wire) -> None:
        wire.read_pdu()
        wire.send(struct.pack(">BxIxBBB", 3, 4, result, source, reason))

    assert words in _echo_fails(reject, AssociationRejected).reason


def test_an_abort_tells_source_and_reason() -> None:
    def abort(wire: Wire) -> None:
        wire.accept()
        wire.read_pdu()
        wire.send(struct.pack(">BxIxxBB", 7, 4, 2, 6))

    assert "invalid PDU parameter value" in _echo_fails(abort, AssociationAborted).reason


def test_a_context_that_is_refused_says_why() -> None:
    error = _echo_fails(lambda wire: wire.accept(only=frozenset()), NoAcceptedContext)
    assert "not supported" in error.reason


def test_an_answer_to_another_message_is_not_taken_for_ours() -> None:
    def confuse(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command, message_id_being_responded_to=999)
        wire.hang()

    assert "message 999" in _echo_fails(confuse, ProtocolViolation).reason


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        (struct.pack(">BxIIBB", 4, 6, 500, 1, 3), "claims 500 bytes"),
        (struct.pack(">BxI", 4, 0) * 1001, "without a PDV, and more than 1000 times"),
        (struct.pack(">BxIH", 4, 2, 0), "within a PDV header"),
        (pdv(1, b"\x01\x02\x03", 3), "middle of an element"),
        (pdv(1, b"", 1) * 1001, "empty fragment"),
        (pdv(1, b"x" * 16, 2), "fragment of another kind"),
        (pdv(1, bytes(1000), 1) * 90, "larger than allowed"),
        (struct.pack(">BxIL", 5, 4, 0), "asked to release"),
    ],
)
def test_malformed_messages_are_named_and_bounded(garbage: bytes, said: str) -> None:
    def misbehave(wire: Wire) -> None:
        wire.accept()
        wire.read_message()
        wire.send(garbage)
        wire.hang()

    assert said in _echo_fails(misbehave, TargetError).reason


def test_endless_pending_responses_end_at_the_limit() -> None:
    def endless(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        while True:
            wire.answer(context_id, command, 0xFF00, b"")

    with hostile(endless) as peer:
        bounded = Peer(
            host=peer.host, port=peer.port, ae_title="HOSTILE", limits=Limits(responses=500)
        )
        with pytest.raises(ProtocolViolation, match="more than 500 pending"):
            list(find(bounded, [_query()], Deadline(20)))


def test_endless_large_matches_do_not_fill_the_memory() -> None:
    match = b"\x08\x00\x10\x10UN\x00\x00" + struct.pack("<I", 10_000) + bytes(10_000)

    def endless(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        while True:
            wire.answer(context_id, command, 0xFF00, match)

    with hostile(endless) as peer:
        bounded = Peer(
            host=peer.host, port=peer.port, ae_title="HOSTILE", limits=Limits(matches=1_000_000)
        )
        with pytest.raises(ProtocolViolation, match="more than 1000000 bytes"):
            list(find(bounded, [_query()], Deadline(20)))


def test_endless_pending_responses_also_end_with_the_deadline() -> None:
    def endless(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        while True:
            wire.answer(context_id, command, 0xFF00, b"")

    with hostile(endless) as peer, pytest.raises(StepTimeout):
        list(find(peer, [_query()], Deadline(0.5)))


def test_an_identifier_of_garbage_is_a_violation_or_an_odd_match_never_a_crash() -> None:
    def garble(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command, 0xFF00, b"\x08\x00\x05\x00SQ\xff\xff\xff\xff\xff\xff")
        wire.answer(context_id, command, 0)

    with hostile(garble) as peer, pytest.raises(ProtocolViolation, match="cannot be decoded"):
        list(find(peer, [_query()], Deadline(20)))


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (b"\xfe\xff\xaa\xe0\x08\0\0\0\x40\0\x07\0LO\0\0", "something that is not an item"),
        (b"\xfe\xff\x00\xe0\x20\0\0\0\x40\0\x07\0LO\0\0", "longer than its sequence"),
        (b"\xfe\xff\x00\xe0\x08\0\0\0\x40\0\x07\0LO\0\0\1\2", "ends within a sequence"),
        (b"\x40\0\x07\0LO\0\0", "something that is not an item"),
    ],
)
def test_a_sequence_that_holds_no_items_is_not_read_as_one_that_does(
    items: bytes, said: str
) -> None:
    identifier = b"\x40\x00\x00\x01SQ\0\0" + struct.pack("<I", len(items)) + items

    def damage(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command, 0xFF00, identifier)
        wire.answer(context_id, command, 0)

    with hostile(damage) as peer, pytest.raises(ProtocolViolation, match=said):
        list(find(peer, [_query()], Deadline(20)))


def test_a_failed_query_carries_status_and_comment() -> None:
    def refuse(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id, command, 0xA900, error_comment="no such key")

    with hostile(refuse) as peer, pytest.raises(OperationFailed, match=r"A900H.*no such key"):
        list(find(peer, [_query()], Deadline(20)))


def test_a_received_instance_with_a_path_for_a_uid_is_not_taken() -> None:
    said: list[int | str] = []

    def smuggle(wire: Wire) -> None:
        wire.accept()
        get_context, request, _ = wire.read_message()
        command: dict[int, int | str] = {
            Element.AFFECTED_SOP_CLASS_UID: CT,
            Element.COMMAND_FIELD: 1,
            Element.MESSAGE_ID: 7,
            Element.COMMAND_DATA_SET_TYPE: 1,
            Element.AFFECTED_SOP_INSTANCE_UID: "../../evil",
        }
        from scenario_runner.ul import commands

        wire.send(pdv(3, commands.encode(command), 3) + pdv(3, b"\x00" * 8, 2))
        _, answer, _ = wire.read_message()
        said.append(answer[Element.STATUS])
        wire.answer(get_context, request, 0xB000, failed=1, completed=0)

    taken: list[object] = []
    identifier = _query().identifier
    with hostile(smuggle) as peer:
        result = get(peer, "study", identifier, [PAIR], taken.append, Deadline(20))
    assert taken == []
    assert said == [0x0117]
    assert (result.status, result.failed) == (0xB000, 1)


def test_cancelling_ends_a_wait_at_once() -> None:
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    with hostile(Wire.hang, response_timeout=60) as peer:
        started = time.monotonic()
        with pytest.raises(Interrupted):
            echo(peer, Deadline(None, cancelled))
        assert time.monotonic() - started < 1.5


def test_a_full_backlog_ends_at_the_connect_timeout() -> None:
    """Nobody accepts and the backlog is full: only the timeout ends it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(8)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            peer = Peer(
                host=address[0],
                port=address[1],
                ae_title="FULL",
                connect_timeout=0.5,
                response_timeout=0.5,
            )
            started = time.monotonic()
            with pytest.raises((ConnectionFailed, PeerTimeout)):
                echo(peer, Deadline(10))
            assert time.monotonic() - started < 3
        finally:
            for filler in fillers:
                filler.close()


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_association_answers_are_understood_or_refused(body: bytes) -> None:
    peer = Peer(host="h", port=1, ae_title="HOSTILE")
    proposal = Proposal(abstract_syntax=CT, transfer_syntaxes=("1.2.840.10008.1.2",))
    try:
        answer = accepted(peer, body)
    except ProtocolViolation:
        return
    assert len(contexts_of([proposal], answer)) == 1
