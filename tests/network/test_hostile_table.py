"""Every operation against every way in which a peer can go wrong: a named error, in bounded time."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest
from pydicom import Dataset

from scenario_runner.deadline import Deadline
from scenario_runner.errors import (
    AssociationAborted,
    PeerTimeout,
    ProtocolViolation,
    TargetError,
)
from scenario_runner.network import mpps
from scenario_runner.network.commit import Commitments, commit
from scenario_runner.network.echo import echo
from scenario_runner.network.find import Query, find
from scenario_runner.network.move import move
from scenario_runner.network.retrieve import get
from scenario_runner.network.store import store
from scenario_runner.ul.peer import Limits, Peer
from tests.network.hostile import Wire, drip, hostile, pdv
from tests.network.objects import PAIR, Encoded, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 0.4
"""Seconds that we wait for an answer."""
BOUND = 3.0
"""Seconds after which anything counts as a hang, on a machine that has much to do."""


def identifier() -> Dataset:
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    wanted.StudyInstanceUID = "2.25.1"
    return wanted


def send_two(peer: Peer) -> None:
    """Two instances; whatever happens to the association, each pulled has one answer."""
    answers = []
    pulled = 0

    def feed() -> Iterator[Encoded]:
        nonlocal pulled
        for instance in Study().instances(2):
            pulled += 1
            yield instance

    try:
        for answer in store(peer, feed(), [PAIR], Deadline(20)):
            answers.append(answer)  # noqa: PERF402 - kept when the error comes
    finally:
        assert len(answers) == pulled
        assert all(answer.status is None for answer in answers)


OPERATIONS: dict[str, Callable[[Peer], object]] = {
    "C-ECHO": lambda peer: echo(peer, Deadline(20)),
    "C-STORE": send_two,
    "C-FIND": lambda peer: list(
        find(peer, [Query(level="study", identifier=identifier())], Deadline(20))
    ),
    "C-GET": lambda peer: get(peer, "study", identifier(), [PAIR], print, Deadline(20)),
    "C-MOVE": lambda peer: move(peer, "study", identifier(), "SOMEBODY", Deadline(20)),
    "N-CREATE": lambda peer: mpps.create(peer, "2.25.5", Dataset(), Deadline(20)),
    "N-SET": lambda peer: mpps.update(peer, "2.25.5", Dataset(), Deadline(20)),
    "N-ACTION": lambda peer: commit(peer, [(PAIR[0], "2.25.1")], Commitments(), 5.0, Deadline(20)),
}


def asked(then: Callable[[Wire], object]) -> Callable[[Wire], None]:
    """Accept the association, read the request, and go wrong."""

    def behave(wire: Wire) -> None:
        wire.accept()
        wire.read_message()
        then(wire)
        wire.hang()

    return behave


def answering(status: int = 0, shift: int = 0, **wrong: int | str) -> Callable[[Wire], None]:
    """Answer, but for what is wrong; shift: by how much the context is another one."""

    def behave(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        wire.answer(context_id + shift, command, status, None, **wrong)
        wire.hang()

    return behave


def without_status(wire: Wire) -> None:
    from scenario_runner.ul import commands
    from scenario_runner.ul.commands import Element

    wire.accept()
    context_id, request, _ = wire.read_message()
    response: dict[int, int | str] = {
        Element.COMMAND_FIELD: int(request[Element.COMMAND_FIELD]) | 0x8000,
        Element.MESSAGE_ID_BEING_RESPONDED_TO: request[Element.MESSAGE_ID],
        Element.COMMAND_DATA_SET_TYPE: commands.NO_DATA_SET,
    }
    wire.send(pdv(context_id, commands.encode(response), 3))
    wire.hang()


def half_close(wire: Wire) -> None:
    wire.connection.shutdown(socket.SHUT_WR)
    wire.hang()


OVERSIZED = b"\x04\x00\xff\xff\xff\xff"
ABORT = struct.pack(">BxIxxBB", 7, 4, 2, 6)
BEHAVIOURS: dict[str, tuple[Callable[[Wire], None], type[TargetError]]] = {
    "silence before the association": (Wire.hang, PeerTimeout),
    "garbage before the association": (lambda wire: wire.send(b"SSH-2.0-x\r\n"), ProtocolViolation),
    "an abort for an association": (lambda wire: wire.send(ABORT), AssociationAborted),
    "half-closed before the association": (half_close, AssociationAborted),
    "an oversized acceptance": (lambda wire: wire.send(b"\x02\x00\xff\xff\xff\xff"), ProtocolViolation),
    "silence": (asked(lambda wire: None), PeerTimeout),
    "an oversized PDU": (asked(lambda wire: wire.send(OVERSIZED)), ProtocolViolation),
    "garbage": (asked(lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")), ProtocolViolation),
    "a PDU that ends within a PDV": (
        asked(lambda wire: wire.send(struct.pack(">BxIIBB", 4, 6, 500, 1, 3))), ProtocolViolation
    ),
    "an answer a byte at a time": (
        asked(lambda wire: drip(wire, pdv(1, bytes(500), 3), 0.05)), PeerTimeout
    ),
    "an abort": (asked(lambda wire: wire.send(ABORT)), AssociationAborted),
    "a closed connection": (asked(lambda wire: wire.connection.close()), AssociationAborted),
    "a half-closed connection": (asked(half_close), AssociationAborted),
    "a release": (
        asked(lambda wire: wire.send(struct.pack(">BxI4x", 5, 4))), AssociationAborted
    ),
    "an answer to another message": (
        answering(message_id_being_responded_to=999), ProtocolViolation
    ),
    "an answer on another context": (answering(shift=2), ProtocolViolation),
    "an answer to another operation": (answering(command_field=0x8FFF), ProtocolViolation),
    "an answer without a status": (without_status, ProtocolViolation),
}  # fmt: skip


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_whatever_a_peer_does_the_operation_ends_in_time_with_an_error_that_names_it(
    behaviour: str, operation: str
) -> None:
    behave, kind = BEHAVIOURS[behaviour]
    with hostile(behave, response_timeout=PATIENCE) as peer:
        started = time.monotonic()
        with pytest.raises(kind) as caught:
            OPERATIONS[operation](peer)
        assert time.monotonic() - started < BOUND
    assert (caught.value.host, caught.value.port) == (peer.host, peer.port)
    assert caught.value.reason


@pytest.mark.parametrize("operation", ["C-FIND", "C-GET", "C-MOVE"])
def test_endless_pending_responses_end_at_the_limit(operation: str) -> None:
    def endless(wire: Wire) -> None:
        wire.accept()
        context_id, command, _ = wire.read_message()
        data = b"" if operation == "C-FIND" else None
        while not wire.stop.is_set():
            wire.answer(context_id, command, 0xFF00, data)

    with hostile(endless) as peer:
        bounded = dataclasses.replace(peer, limits=Limits(responses=200))
        with pytest.raises(ProtocolViolation, match=r"more than (200 pending|400 messages)"):
            OPERATIONS[operation](bounded)


@pytest.mark.parametrize("operation", ["C-ECHO", "C-STORE", "N-CREATE", "N-SET", "N-ACTION"])
def test_a_pending_status_where_none_can_be_is_taken_for_no_success(operation: str) -> None:
    with hostile(answering(status=0xFF00), response_timeout=PATIENCE) as peer:
        started = time.monotonic()
        if operation == "C-STORE":
            [first, *_] = store_until_error(peer)
            assert first == 0xFF00
        else:
            with contextlib.suppress(TargetError):
                result = OPERATIONS[operation](peer)
                assert getattr(result, "status", 0) == 0xFF00
        assert time.monotonic() - started < BOUND


def store_until_error(peer: Peer) -> list[int | None]:
    statuses: list[int | None] = []
    with contextlib.suppress(TargetError):
        for answer in store(peer, Study().instances(2), [PAIR], Deadline(20)):
            statuses.append(answer.status)  # noqa: PERF401 - kept when the error comes
    return statuses


def slow_acceptance(wire: Wire) -> None:
    wire.read_pdu()
    wire.send(b"\x02\x00\x00\x00\x01\x00")
    wire.hang()


@pytest.mark.parametrize(
    ("behaviour", "timeouts", "words"),
    [
        (Wire.hang, {"association_timeout": 0.3}, "0.3 s, its association_timeout"),
        (slow_acceptance, {"network_timeout": 0.3}, "0.3 s, its network_timeout"),
        (asked(lambda wire: None), {"response_timeout": 0.3}, "0.3 s, its response_timeout"),
        (
            asked(lambda wire: wire.send(OVERSIZED[:2] + b"\0\0\1\0")),
            {"network_timeout": 0.3},
            "no more of a PDU that had begun within 0.3 s, its network_timeout",
        ),
    ],
)
def test_the_error_says_which_stage_ran_out_of_time(
    behaviour: Callable[[Wire], None], timeouts: dict[str, float], words: str
) -> None:
    with hostile(behaviour, response_timeout=20) as peer:
        impatient = dataclasses.replace(peer, **timeouts)  # type: ignore[arg-type]
        with pytest.raises(PeerTimeout) as caught:
            echo(impatient, Deadline(20))
    assert words in caught.value.reason


def test_a_peer_that_takes_no_data_ends_at_the_network_timeout() -> None:
    def deaf(wire: Wire) -> None:
        wire.accept()
        wire.hang()

    with hostile(deaf, response_timeout=20) as peer:
        impatient = dataclasses.replace(peer, network_timeout=0.3)
        with pytest.raises(PeerTimeout, match=r"takes no more data within 0\.3 s"):
            list(store(impatient, Study().instances(2, 4096), [PAIR], Deadline(20)))
