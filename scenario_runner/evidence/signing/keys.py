"""Keys that sign: Ed25519 (RFC 8032), ECDSA on the NIST curves, RSA-PSS (RFC 8017), as PEM or as OpenSSH writes them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from scenario_runner.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

PrivateKey: TypeAlias = "ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey"
PublicKey: TypeAlias = "ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey"


class KeyElsewhere(Protocol):
    """A private key that only signs, and is never seen."""

    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def signature(self, data: bytes) -> bytes:
        """The signature of the data, as ``sign`` makes it."""
        ...


_CURVES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_LEAST_RSA = 2048


class PasswordNeeded(UsageError):
    """The key is encrypted, and no password was given."""


def read_private_key(data: bytes, password: bytes | None = None) -> PrivateKey:
    """A private key from PEM (PKCS#8, PKCS#1, SEC 1) or OpenSSH.

    Raises PasswordNeeded when it is encrypted and there is no password, UsageError for what is no such key.
    """
    load = (
        serialization.load_ssh_private_key
        if b"OPENSSH PRIVATE KEY" in data
        else serialization.load_pem_private_key
    )
    try:
        return _able(load(data, password))
    except TypeError as error:
        if password is None:
            raise PasswordNeeded("the key is encrypted", hint="give its password") from error
        # The library says so of a password that is not needed.
        return read_private_key(data)
    except UnsupportedAlgorithm as error:
        raise UsageError(f"the key cannot be used: {error}") from error
    except ValueError as error:
        if password is not None:
            raise UsageError("the key cannot be read; is its password another one?") from error
        if b"OPENSSH PRIVATE KEY" in data and "assword" in str(error):
            raise PasswordNeeded("the key is encrypted", hint="give its password") from error
        raise UsageError(
            "it holds no private key", hint="a key is a PEM file, or one that ssh-keygen made"
        ) from error


def read_public_key(data: bytes) -> PublicKey:
    """A public key from PEM or from a line of OpenSSH. Raises UsageError."""
    load = (
        serialization.load_pem_public_key
        if data.lstrip().startswith(b"-----")
        else serialization.load_ssh_public_key
    )
    try:
        key = load(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"it holds no public key that can be used: {error}") from error
    return able_public(key)


def able_public(key: PublicKeyTypes) -> PublicKey:
    """The key, when it is of a kind that signs here. Raises UsageError."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise UsageError(
        "the key is of a kind that is not taken",
        hint=f"take Ed25519, ECDSA on P-256, P-384 or P-521, or RSA of {_LEAST_RSA} bits and more",
    )


def hash_of(key: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) -> hashes.HashAlgorithm:
    """What goes with a curve."""
    return _CURVES[key.curve.name]


def sign(key: PrivateKey | KeyElsewhere, data: bytes) -> bytes:
    """The signature of the data: ECDSA as DER, RSA as PSS with SHA-256 and a salt of 32 bytes."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, _PSS, hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hash_of(key)))
    return key.signature(data)


def holds(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether it is the signature of the data by that key."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, _PSS, hashes.SHA256())
        else:
            key.verify(signature, data, ec.ECDSA(hash_of(key)))
    except InvalidSignature:
        return False
    return True


def key_id(key: PublicKey) -> str:
    """SHA-256 of the SubjectPublicKeyInfo (RFC 5280 4.1) in hexadecimal."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()


def as_pem(key: PublicKey) -> str:
    """The public key as PEM."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)


def _able(key: PrivateKeyTypes) -> PrivateKey:
    able_public(key.public_key())
    if isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return key
    raise UsageError("the key is of a kind that is not taken")  # able_public refused it already
