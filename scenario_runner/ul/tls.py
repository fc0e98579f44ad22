"""TLS on a DICOM association (PS3.15 annex B): what is offered, and why a handshake failed."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from scenario_runner.errors import ConnectionFailed, MachineError

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from scenario_runner.deadline import Deadline
    from scenario_runner.ul.peer import Peer

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_SLICE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How to protect a connection; files are PEM.

    ca: whom to trust, and nobody besides; by default whom the system trusts. An issuing authority
    that is not a root may stand there alone. certificate, key: our own, for a peer that asks for one. verify: whether the peer's certificate is checked at all; check_host:
    whether it also has to name the host, which certificates of modalities often do not.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True
    check_host: bool = True
    minimum: Literal["1.2", "1.3"] = "1.2"

    def context(self) -> ssl.SSLContext:
        """A client context. Raises MachineError for a file that cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = _VERSIONS[self.minimum]
        context.check_hostname = self.verify and self.check_host
        context.verify_mode = ssl.CERT_REQUIRED if self.verify else ssl.CERT_NONE
        try:
            if self.ca is not None:
                context.load_verify_locations(self.ca)
                context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
            elif self.verify:
                context.load_default_certs()
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise self._unusable(error) from error
        return context

    def server_context(self) -> ssl.SSLContext:
        """A context to be called with. A peer needs a certificate when ``ca`` says whose.

        Raises MachineError for a file that cannot be used, or when there is no certificate.
        """
        if self.certificate is None:
            raise MachineError(
                "there is no certificate to listen with",
                hint="give the receiver's tls a certificate and its key",
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[self.minimum]
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.ca is not None and self.verify:
                context.load_verify_locations(self.ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise self._unusable(error) from error
        return context

    def _unusable(self, error: OSError) -> MachineError:
        names = ", ".join(str(p) for p in (self.ca, self.certificate, self.key) if p)
        return MachineError(
            f"a TLS file cannot be used ({names}): {error.strerror or error}",
            hint="they have to be PEM files, and the key has to belong to the certificate",
        )


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
