"""The handshake of TLS on a connection, for both roles, and why one failed (PS3.15 annex B)."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

from scenario_runner.errors import ConnectionFailed

if TYPE_CHECKING:
    import socket

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.tls import Tls

_SLICE = 0.25


def secure_incoming(
    sock: socket.socket, context: ssl.SSLContext, peer: Peer, deadline: Deadline, end: float
) -> ssl.SSLSocket:
    """Do the handshake with a peer that has called. Raises ConnectionFailed."""
    wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    return _shaken(wrapped, peer, deadline, end)


def secure(
    sock: socket.socket, tls: Tls, peer: Peer, deadline: Deadline, end: float
) -> ssl.SSLSocket:
    """Do the handshake on a connected socket. Raises ConnectionFailed that says which side failed.

    end: time.monotonic() by when it has to be done.
    """
    wrapped = tls.context().wrap_socket(
        sock, server_hostname=peer.host, do_handshake_on_connect=False
    )
    return _shaken(wrapped, peer, deadline, end)


def _shaken(wrapped: ssl.SSLSocket, peer: Peer, deadline: Deadline, end: float) -> ssl.SSLSocket:
    try:
        while not _shake(wrapped, peer, deadline, end):
            pass
    except BaseException:
        wrapped.close()
        raise
    return wrapped


def _shake(wrapped: ssl.SSLSocket, peer: Peer, deadline: Deadline, end: float) -> bool:
    """Go on with the handshake for a moment; whether it is done."""
    deadline.check()
    left = end - time.monotonic()
    if left <= 0:
        raise _failed(peer, f"the peer did not finish it within {peer.connect_timeout:g} s")
    wrapped.settimeout(max(0.001, deadline.remaining(min(_SLICE, left)) or 0))
    try:
        wrapped.do_handshake()
    except TimeoutError:
        return False
    except OSError as error:
        raise _failed(peer, explain(error)) from error
    return True


def _failed(peer: Peer, reason: str) -> ConnectionFailed:
    return peer.error(ConnectionFailed, "TLS handshake failed", reason)


def explain(error: OSError) -> str:
    """A TLS or socket error in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the peer's certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLEOFError) or not isinstance(error, ssl.SSLError):
        return (
            "the peer closed the connection; it may not speak TLS on this port, "
            "or not accept our certificate"
        )
    if error.reason == "WRONG_VERSION_NUMBER":
        return "the peer answers without TLS on this port"
    words = (error.reason or "unknown reason").lower().replace("_", " ")
    if "alert" in words:
        return f"the peer refused: {words.partition('alert')[2].strip()}"
    return words
