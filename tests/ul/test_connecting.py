"""A connection is one with somebody else."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.errors import ConnectionFailed
from scenario_runner.ul.connecting import connect
from scenario_runner.ul.peer import Peer

HOST = "127.0.0.1"


def test_a_port_that_nobody_listens_on_is_never_reached_by_ourselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system gives who asks any free port: now and then the very one that was asked for, and TCP connects the two."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]

    class GivenThatPort(socket.socket):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            self.bind((HOST, port))

    monkeypatch.setattr(socket, "socket", GivenThatPort)
    with pytest.raises(ConnectionFailed, match="connection refused"):
        connect(Peer(host=HOST, port=port, ae_title="NOBODY"), Deadline(5)).close()


def test_a_peer_that_ends_a_connection_at_once_was_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever speaks to it then is told that it has ended; a port that nobody listens on is another fault."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen()

        class EndedMeanwhile(socket.socket):
            def getpeername(self) -> Any:
                accepted, _ = listening.accept()
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                accepted.close()
                return super().getpeername()

        port = listening.getsockname()[1]
        with monkeypatch.context() as patched:
            patched.setattr(socket, "socket", EndedMeanwhile)
            connect(Peer(host=HOST, port=port, ae_title="HASTY"), Deadline(5)).close()
