"""A kept connection: whether it has ended is asked before each request, and must not cost a wait."""

import socket

import pytest

from scenario_runner.deadline import Deadline
from scenario_runner.network.dicomweb.wire import Line
from scenario_runner.ul.peer import Peer
from scenario_runner.ul.transport import Transport


def test_asking_whether_a_connection_has_ended_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = Peer(host="127.0.0.1", port=server.getsockname()[1], ae_title="WEB")
        stream = Line(peer, Deadline(30.0)).connect_tcp(peer.host, peer.port)
        theirs, _ = server.accept()
        with theirs:
            monkeypatch.setattr(Transport, "_wait_for", lambda _, seconds: waits.append(seconds))
            assert stream.get_extra_info("is_readable") is False
            assert waits == []
            monkeypatch.undo()
        # Its end has come once reading says so.
        assert stream.read(1) == b""
        assert stream.get_extra_info("is_readable") is True
        stream.close()
