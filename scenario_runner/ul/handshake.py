"""The handshake of TLS on a connection, for both roles, and why one failed (PS3.15 annex B)."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Final

from scenario_runner.errors import ConnectionFailed

if TYPE_CHECKING:
    import socket

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer
    from scenario_runner.ul.tls import Tls

_SLICE = 0.25
_UNKNOWN_ISSUER: Final = frozenset((2, 18, 19, 20, 21))
_OF_ANOTHER_HOST: Final = frozenset((62, 64))
"""Codes of OpenSSL's x509_vfy.h."""


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
        raise _failed(
            peer, explain(error), None if wrapped.server_side else _advice(peer, error)
        ) from error
    return True


def _failed(peer: Peer, reason: str, hint: str | None = None) -> ConnectionFailed:
    return peer.error(ConnectionFailed, "TLS handshake failed", reason, hint=hint)


def _advice(peer: Peer, error: OSError) -> str | None:
    """What to do about a certificate that may be right, as a hospital's own are."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    if error.verify_code in _OF_ANOTHER_HOST:
        return "have the site file call the host as the certificate does; 'tls: {check_host: false}' takes any"
    if error.verify_code not in _UNKNOWN_ISSUER:
        return None
    if peer.tls is not None and peer.tls.ca is not None:
        return "'tls: {ca: …}' names whom to trust, and nobody it names has signed this certificate"
    return "if it is right, name who signed it in the site file, 'tls: {ca: FILE}', or have this system trust them"


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
