"""TLS on a DICOM association (PS3.15 annex B): what is offered and whom to trust."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Literal

from scenario_runner.errors import MachineError
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from pathlib import Path

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


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
                self._trust(context, self.ca)
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
                self._trust(context, self.ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise self._unusable(error) from error
        return context

    @staticmethod
    def _trust(context: ssl.SSLContext, authorities: Path) -> None:
        """Whoever these authorities vouch for, an issuing one without its root too."""
        context.load_verify_locations(authorities)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN

    def _unusable(self, error: OSError) -> MachineError:
        names = ", ".join(str(p) for p in (self.ca, self.certificate, self.key) if p)
        return MachineError(
            f"a TLS file cannot be used ({names}): {error.strerror or error}",
            hint="they have to be PEM files, and the key has to belong to the certificate",
        )
