"""A connection to a peer: its name looked up, TCP and TLS, none of it held up by anybody."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING

from scenario_runner.errors import ConnectionFailed
from scenario_runner.ul.handshake import secure
from scenario_runner.ul.transport import SLICE, Transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer


def connect(peer: Peer, deadline: Deadline) -> Transport:
    """Open a TCP connection to the peer.

    Raises ConnectionFailed (refused, unreachable, name unknown, nobody answers) or what the
    deadline raises.
    """
    end = time.monotonic() + peer.connect_timeout
    last: OSError | None = None
    for family, kind, protocol, _, address in _resolve(peer, deadline, end):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _connect_one(sock, address, deadline, end)
            _require_another(sock)
            if peer.tls is not None:
                sock = secure(sock, peer.tls, peer, deadline, end)
            return Transport(sock, peer)
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
        if time.monotonic() >= end:
            break
    why = _why(last, peer.connect_timeout)
    raise peer.error(ConnectionFailed, "cannot connect", why, hint=_what_next(last)) from last


def _connect_one(
    sock: socket.socket, address: tuple[object, ...], deadline: Deadline, end: float
) -> None:
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        sock.connect(address)
        return
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        while True:
            deadline.check()
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if selector.select(deadline.remaining(min(SLICE, left))):
                break
    if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(code, os.strerror(code))


def _require_another(sock: socket.socket) -> None:
    """Raises ConnectionRefusedError for a connection with itself.

    Who asks for a port that nobody listens on may be given that very port by the system (RFC 9293 3.5, figure 7).
    """
    try:
        there = sock.getpeername()
    except OSError:  # it has ended the connection already, which whoever speaks to it is told
        return
    if sock.getsockname() == there:
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


_AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]


def _resolve(peer: Peer, deadline: Deadline, end: float) -> Sequence[_AddressInfo]:
    """Look the host's name up without letting a slow name server hold us."""
    with contextlib.suppress(OSError, UnicodeError):  # an address asks no name server
        return socket.getaddrinfo(
            peer.host, peer.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    found: list[_AddressInfo] = []
    failure: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failure.append(error if isinstance(error, OSError) else OSError(str(error)))

    # getaddrinfo cannot be cancelled; a daemon thread is left behind in the worst case.
    thread = threading.Thread(target=look_up, name="name lookup", daemon=True)
    thread.start()
    while thread.is_alive():
        deadline.check()
        left = end - time.monotonic()
        if left <= 0:
            raise peer.error(
                ConnectionFailed,
                "cannot connect",
                f"name lookup took over {peer.connect_timeout:g} s",
            )
        thread.join(deadline.remaining(min(SLICE, left)))
    if failure or not found:
        raise peer.error(
            ConnectionFailed,
            "cannot connect",
            f"host '{peer.host}' is unknown",
            hint="check the target's 'host' in the site file",
        )
    return found


def _why(error: OSError | None, seconds: float) -> str:
    if isinstance(error, TimeoutError) and not error.errno:
        return f"no TCP connection within {seconds:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused (nothing listens on that port)"
    return f"{error.strerror or error}".lower() if error else "no address"


def _what_next(error: OSError | None) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "start what should listen there, or check the target's 'port'"
    return "check the target's 'host' and 'port', and whether a firewall is in between"
