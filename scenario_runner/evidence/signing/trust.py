"""Whom a site trusts: public keys, and certificates of people and of authorities (RFC 5280)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from scenario_runner.errors import UsageError
from scenario_runner.evidence.signing.keys import able_public, key_id, read_public_key
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from scenario_runner.evidence.signing.keys import PublicKey

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)
_LONGEST_CHAIN = 8


class Untrusted(Exception):
    """Nobody who is trusted vouches for a key; the message says why."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Keys by their id with the name they are known by, and certificates that may lead to others."""

    keys: dict[str, tuple[str, PublicKey]]
    certificates: tuple[x509.Certificate, ...]

    def vouched(self, key: PublicKey, chain: Sequence[x509.Certificate], when: dt.datetime) -> str:
        """By what name the key is known, or whose certificate leads to it. Raises Untrusted.

        chain: the certificate of the key first. when: the moment the certificates have to be valid at.
        """
        known = self.keys.get(key_id(key))
        if known is not None:
            return known[0]
        if not chain:
            raise Untrusted("the key is not among those that are trusted")
        if not self.certificates:
            raise Untrusted("no certificate is trusted that could lead to that of the key")
        verifier = (
            PolicyBuilder()
            .store(Store(list(self.certificates)))
            .time(when.replace(tzinfo=None))
            .max_chain_depth(_LONGEST_CHAIN)
            .extension_policies(ca_policy=_AUTHORITY, ee_policy=ExtensionPolicy.permit_all())
            .build_client_verifier()
        )
        try:
            found = verifier.verify(chain[0], list(chain[1:])).chain
        except VerificationError as error:
            raise Untrusted(f"its certificate is not to be trusted: {_reason(error)}") from error
        return f"{subject(chain[0])}, by {subject(found[-1])}"


def read_trust(files: Sequence[tuple[str, bytes]]) -> Trust:
    """What files name and hold: PEM of public keys and certificates, lines of OpenSSH. Raises UsageError."""
    keys: dict[str, tuple[str, PublicKey]] = {}
    certificates: list[x509.Certificate] = []
    for name, data in files:
        before = len(keys) + len(certificates)
        for found in _PEM.finditer(data):
            if found[1] == b"CERTIFICATE":
                certificate = _certificate(found[0], name)
                certificates.append(certificate)
                known, key = subject(certificate), certificate.public_key()
            elif found[1] == b"PUBLIC KEY":
                known, key = name, _public(found[0], name)
            else:
                kind = found[1].decode("ascii", "replace").lower()
                raise UsageError(f"'{name}' holds a {kind}, and trust needs public keys only")
            try:
                usable = able_public(key)
            except UsageError:
                continue  # of an authority with a key that signs certificates only
            keys[key_id(usable)] = (known, usable)
        for line in _PEM.sub(b"", data).splitlines():
            words = line.split(maxsplit=2)
            if len(words) > 1 and words[0].startswith((b"ssh-", b"ecdsa-")):
                usable = _public(line, name)
                known = words[2].decode("utf-8", "replace") if len(words) > 2 else name
                keys[key_id(usable)] = (known, usable)
        if len(keys) + len(certificates) == before:
            raise UsageError(
                f"'{name}' holds no public key and no certificate",
                hint="take PEM, or the .pub file of ssh-keygen",
            )
    return Trust(keys, tuple(certificates))


def read_certificates(data: bytes, name: str) -> list[x509.Certificate]:
    """The certificates of a PEM file in their order. Raises UsageError."""
    found = [_certificate(one[0], name) for one in _PEM.finditer(data) if one[1] == b"CERTIFICATE"]
    if not found:
        raise UsageError(f"'{name}' holds no certificate", hint="take PEM")
    if len(found) > _LONGEST_CHAIN:
        raise UsageError(f"'{name}' holds more than {_LONGEST_CHAIN} certificates")
    return found


def subject(certificate: x509.Certificate) -> str:
    """The subject of a certificate in one line (RFC 4514)."""
    return certificate.subject.rfc4514_string()


def _certificate(pem: bytes, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise UsageError(f"'{name}' holds a certificate that cannot be read: {error}") from error


def _public(data: bytes, name: str) -> PublicKey:
    try:
        return read_public_key(data)
    except UsageError as error:
        raise UsageError(f"'{name}': {error.message}", hint=error.hint) from error


def _signs_certificates(
    policy: Policy, certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    del policy, certificate
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("the key of an authority may not sign certificates")


_AUTHORITY = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
)
"""Less than the Web's rules, which ask for host names: RFC 5280 4.2.1.3 and 4.2.1.9."""


def _reason(error: VerificationError) -> str:
    return str(error).removeprefix("validation failed: ").removeprefix("candidates exhausted: ")
