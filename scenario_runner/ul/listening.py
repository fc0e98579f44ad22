"""A port that is listened on, and the one loop that takes connections from it."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
from typing import TYPE_CHECKING

from scenario_runner.authority import authority
from scenario_runner.errors import of_the_machine

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = logging.getLogger(__name__)

_BACKLOG = 128
_STEP, _MOST_STEPS = 0.001, 5
"""Seconds that a process lets others go first, for each thing that it has to do up to so many."""
_BREATH = 0.05
"""Seconds between attempts to take a connection when that has failed."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises MachineError."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise of_the_machine(
            f"cannot listen on {authority(host, port)}",
            error,
            hint="another program has the port; stop it, or choose a free one (0 takes any)",
        ) from error


class Listener:
    """Takes connections in a thread of its own until ``stop``, which it is woken for.

    sock: listens already, and is closed in the end. take: called with each connection, which blocks, and the
    address it came from; it has to return soon. name: of the thread. busy: how much this process has to do, where
    others listen on the same socket; whoever has less goes first.
    """

    def __init__(
        self,
        sock: socket.socket,
        take: Callable[[socket.socket, tuple[str, int]], None],
        name: str,
        busy: Callable[[], int] = int,
    ) -> None:
        sock.setblocking(False)
        self._busy = busy
        self._sock, self._take = sock, take
        self.port = int(sock.getsockname()[1])
        self._stopping = threading.Event()
        self._heard, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections and let go of the port; once it returns, ``take`` is called no more."""
        self._stopping.set()
        self._wake.send(b"!")
        self._thread.join()
        for one in (self._sock, self._heard, self._wake):
            one.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            selector.register(self._heard, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                if self._stopping.is_set():
                    return
                if busy := self._busy():
                    self._stopping.wait(min(busy, _MOST_STEPS) * _STEP)
                sock = None
                try:
                    sock, address = self._sock.accept()
                    sock.setblocking(True)  # on some systems it takes after the listener
                    self._take(sock, address)
                except (BlockingIOError, ConnectionError):
                    continue  # the peer went away before it was accepted
                except Exception as error:  # noqa: BLE001 - without this thread nobody is heard any more
                    LOGGER.warning("cannot take a connection: %s", error)
                    if sock is not None:
                        sock.close()
                    # Out of file handles or threads, it would fail again at once, and again.
                    self._stopping.wait(_BREATH)
