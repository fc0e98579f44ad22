"""The loop that takes connections, for everything that listens on TCP."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from scenario_runner.errors import MachineError
from scenario_runner.ul.listening import Listener, listen

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_port_that_is_taken_is_told_with_a_way_out() -> None:
    with (
        listen("127.0.0.1", 0) as taken,
        pytest.raises(MachineError, match="cannot listen") as told,
    ):
        listen("127.0.0.1", taken.getsockname()[1])
    assert "another program has the port" in str(told.value.hint)


@pytest.mark.parametrize(
    "error",
    [OSError("too many open files"), RuntimeError("can't start new thread"), MemoryError()],
    ids=repr,
)
def test_a_connection_that_cannot_be_taken_keeps_nobody_after_it_out(error: Exception) -> None:
    calls, served = [], threading.Event()

    def take(sock: socket.socket, address: tuple[str, int]) -> None:
        sock.close()
        calls.append(address)
        if len(calls) == 1:
            raise error
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


@pytest.mark.parametrize("_", range(3))
def test_of_two_that_listen_on_one_socket_the_one_with_less_to_do_takes_the_connection(
    _: int,
) -> None:
    """One connection each: for a second one, the busy one may have waited already."""
    sock = listen("127.0.0.1", 0)
    by_idle, by_busy = threading.Event(), threading.Event()

    def taken(event: threading.Event) -> Callable[[socket.socket, object], None]:
        def take(connection: socket.socket, _: object) -> None:
            connection.close()
            event.set()

        return take

    def busy() -> int:
        by_idle.wait(10)
        return 1

    listeners = [
        Listener(sock.dup(), taken(by_busy), "busy", busy),
        Listener(sock.dup(), taken(by_idle), "idle"),
    ]
    try:
        socket.create_connection(sock.getsockname(), timeout=10).close()
        assert by_idle.wait(10)
    finally:
        for one in listeners:
            one.stop()
        sock.close()
    assert not by_busy.is_set()
