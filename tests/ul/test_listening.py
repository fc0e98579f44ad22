"""The loop that takes connections, for everything that listens on TCP."""

from __future__ import annotations

import socket
import threading

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.ul.listening import Listener, listen


def test_a_port_that_is_taken_is_told_with_a_way_out() -> None:
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(MachineError, match="cannot listen") as told,
    ):
        listen("127.0.0.1", taken.getsockname()[1])
    assert "another program has the port" in str(told.value.hint)


def test_a_connection_that_cannot_be_taken_keeps_nobody_after_it_out() -> None:
    calls, served = [], threading.Event()

    def take(sock: socket.socket, address: tuple[str, int]) -> None:
        sock.close()
        calls.append(address)
        if len(calls) == 1:
            raise OSError("too many open files")
        served.set()

    listener = Listener(listen("127.0.0.1", 0), take, "test")
    try:
        for _ in range(2):
            socket.create_connection(("127.0.0.1", listener.port), timeout=10).close()
        assert served.wait(10)
    finally:
        listener.stop()


def test_a_stopped_listener_lets_go_of_its_port_at_once() -> None:
    listener = Listener(listen("127.0.0.1", 0), lambda sock, _: sock.close(), "test")
    listener.stop()
    listen("127.0.0.1", listener.port).close()
