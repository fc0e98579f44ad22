"""A peer that was quick once is watched for, and held to the same limits as any other."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import Interrupted, PeerTimeout
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = b"\x04 an answer that is there before anybody asks"


@contextlib.contextmanager
def pair() -> Iterator[tuple[Transport, socket.socket]]:
    """Our end of a connection, whose peer has just answered at once, and the peer's end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        ours = socket.create_connection((host, port))
        theirs, _ = listener.accept()
    peer = Peer(host=host, port=port, ae_title="QUICK", network_timeout=0.3)
    transport = Transport(ours, peer)
    with theirs:
        for _ in range(5):  # a machine that is busy elsewhere may sleep over one of them
            theirs.sendall(QUICK)
            assert transport.take(QUICK, Deadline(5), time.monotonic() + 5)
        yield transport, theirs
        transport.close()


def test_silence_after_quick_answers_ends_when_the_answer_is_overdue() -> None:
    with pair() as (transport, _):
        started = time.monotonic()
        with pytest.raises(PeerTimeout):
            transport.take(QUICK, Deadline(20), started + 0.4)
        assert 0.4 <= time.monotonic() - started < 2.0


def test_an_answer_that_is_overdue_already_is_not_watched_for() -> None:
    with pair() as (transport, _), pytest.raises(PeerTimeout):
        transport.take(QUICK, Deadline(20), time.monotonic() - 0.1)


def test_bytes_that_drip_quickly_do_not_outlast_the_limit() -> None:
    stop = threading.Event()

    def drip(theirs: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not stop.is_set():
                theirs.sendall(b"x")

    with pair() as (transport, theirs):
        thread = threading.Thread(target=drip, args=(theirs,))
        thread.start()
        try:
            started = time.monotonic()
            with pytest.raises(PeerTimeout):
                transport.read(1 << 26, Deadline(20), started + 0.3)
            assert time.monotonic() - started < 2.0
        finally:
            stop.set()
            transport.close()
            thread.join()


def test_cancelling_ends_the_wait_for_a_quick_peer() -> None:
    cancelled = threading.Event()
    with pair() as (transport, _):
        threading.Timer(0.1, cancelled.set).start()
        started = time.monotonic()
        with pytest.raises(Interrupted):
            transport.take(QUICK, Deadline(None, cancelled), started + 20)
        assert time.monotonic() - started < 2.0


def test_a_quick_peer_that_takes_no_more_data_is_given_up() -> None:
    with pair() as (transport, _), pytest.raises(PeerTimeout, match="not accepting data"):
        transport.send([bytes(64 << 20)], Deadline(20))


def test_a_quick_peer_gets_all_of_a_large_message_in_order() -> None:
    message = [bytes((n % 256,)) * 70_000 for n in range(200)]
    received = bytearray()

    def drain(theirs: socket.socket) -> None:
        while len(received) < 200 * 70_000 and (more := theirs.recv(0x4000)):
            received.extend(more)

    with pair() as (transport, theirs):
        thread = threading.Thread(target=drain, args=(theirs,))
        thread.start()
        transport.send(message, Deadline(20))
        thread.join()
    assert received == b"".join(message)


def test_what_differs_is_left_to_be_read() -> None:
    with pair() as (transport, theirs):
        theirs.sendall(b"\x07 something else")
        assert not transport.take(QUICK, Deadline(5), time.monotonic() + 5)
        assert transport.read(6, Deadline(5), time.monotonic() + 5) == b"\x07 some"
