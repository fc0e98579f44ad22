"""Keys that stay in a token: a smart card or a hardware security module behind PKCS#11 (OASIS, v2.40).

A key is named by its URI (RFC 7512): ``pkcs11:token=NAME;object=LABEL?module-path=/usr/lib/…/module.so``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scenario_runner.errors import UsageError
from scenario_runner.evidence.signing.keys import able_public, hash_of
from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scenario_runner.evidence.signing.keys import PublicKey

SCHEME: Final = "pkcs11:"
MODULE: Final = "PKCS11_MODULE"
"""The variable that names the token's library where the URI does not."""
_PATH: Final = frozenset(("token", "object", "id"))
_QUERY: Final = frozenset(("module-path",))
_LOGGED_IN: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Which key, of which token, behind which library."""

    token: str
    object: str | None
    id: bytes | None
    module: str


class TokenKey:
    """A private key of a token, which signs as those of files do: ECDSA as DER, RSA as PSS with SHA-256.

    Each signature is a session of its own: the PIN is asked for by the token each time, and nobody stays logged in.
    """

    def __init__(self, uri: TokenUri, pin: str, public: PublicKey) -> None:
        self._uri = uri
        self._pin = pin
        self._public = public

    def public_key(self) -> PublicKey:
        """The public half."""
        return self._public

    def signature(self, data: bytes) -> bytes:
        """Have the token sign. Raises UsageError when it does not."""
        import pkcs11
        from pkcs11.util.ec import encode_ecdsa_signature

        try:
            with _session(self._uri, self._pin) as session:
                private = _key(session, self._uri, pkcs11.ObjectClass.PRIVATE_KEY)
                if isinstance(self._public, ec.EllipticCurvePublicKey):
                    digest = hashes.Hash(hash_of(self._public))
                    digest.update(data)
                    raw = private.sign(digest.finalize(), mechanism=pkcs11.Mechanism.ECDSA)
                    return bytes(encode_ecdsa_signature(raw))
                pss = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, hashes.SHA256.digest_size)
                mechanism = pkcs11.Mechanism.SHA256_RSA_PKCS_PSS
                return bytes(private.sign(data, mechanism=mechanism, mechanism_param=pss))
        except pkcs11.PKCS11Error as error:
            raise UsageError(f"the token does not sign: {_said(error)}") from error


def read_uri(text: str, environ: Mapping[str, str]) -> TokenUri:
    """A PKCS#11 URI. Raises UsageError for what it lacks, and for attributes that are not heeded here."""
    path, _, query = text.removeprefix(SCHEME).partition("?")
    parts = dict(part.partition("=")[::2] for part in path.split(";") if part)
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted((parts.keys() - _PATH) | (asked.keys() - _QUERY)):
        hint = f"it may have {', '.join(sorted(_PATH))} and, behind '?', {', '.join(_QUERY)}"
        if unknown[0].startswith("pin"):
            hint = "no PIN stands in a command line; it is asked for, or in FABRICATE_KEY_PASSWORD"
        raise UsageError(f"'{unknown[0]}' of the PKCS#11 URI is not taken", hint=hint)
    module = asked.get("module-path") or environ.get(MODULE, "")
    label = unquote(parts["object"]) if "object" in parts else None
    name = unquote_to_bytes(parts["id"]) if "id" in parts else None
    if "token" not in parts or (label is None and name is None):
        raise UsageError(
            "the PKCS#11 URI does not name a token and a key",
            hint="as in pkcs11:token=NAME;object=LABEL",
        )
    if not module:
        raise UsageError(
            "nothing names the token's library",
            hint=f"add ?module-path=FILE to the URI, or set {MODULE}",
        )
    return TokenUri(unquote(parts["token"]), label, name, module)


def token_key(uri: TokenUri, pin: str) -> TokenKey:
    """The key of a token that the PIN opens.

    Raises UsageError when library, token or key is not there, the PIN is another one, or the key is of a kind
    that is not taken.
    """
    try:
        import pkcs11
    except ImportError as error:
        raise UsageError(
            "keys of tokens need the extra 'pkcs11'", hint="pip install 'dicom-fabricator[pkcs11]'"
        ) from error
    try:
        with _session(uri, pin) as session:
            _key(session, uri, pkcs11.ObjectClass.PRIVATE_KEY)
            public = _public(_key(session, uri, pkcs11.ObjectClass.PUBLIC_KEY))
        return TokenKey(uri, pin, public)
    except (
        pkcs11.PKCS11Error,
        RuntimeError,
    ) as error:  # RuntimeError: the library cannot be loaded
        raise UsageError(f"token '{uri.token}': {_said(error)}", hint=_hint(error)) from error


@contextmanager
def _session(uri: TokenUri, pin: str) -> Iterator[Any]:
    """Logged in, which the whole process is then: whoever else came meanwhile would need no PIN."""
    import pkcs11

    with (
        _LOGGED_IN,
        pkcs11.lib(uri.module).get_token(token_label=uri.token).open(user_pin=pin) as session,
    ):
        yield session


def _key(session: Any, uri: TokenUri, kind: Any) -> Any:
    return session.get_key(object_class=kind, label=uri.object, id=uri.id)


def _public(key: Any) -> PublicKey:
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key

    if key.key_type == pkcs11.KeyType.RSA:
        modulus = int.from_bytes(key[pkcs11.Attribute.MODULUS], "big")
        exponent = int.from_bytes(key[pkcs11.Attribute.PUBLIC_EXPONENT], "big")
        return able_public(rsa.RSAPublicNumbers(exponent, modulus).public_key())
    if key.key_type == pkcs11.KeyType.EC:
        return able_public(load_der_public_key(encode_ec_public_key(key)))
    raise UsageError(
        f"a key of kind {key.key_type.name} in a token is not taken",
        hint="take ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits and more",
    )


def _said(error: BaseException) -> str:
    import pkcs11

    words: dict[type[BaseException], str] = {
        pkcs11.NoSuchToken: "there is no token of this name",
        pkcs11.MultipleTokensReturned: "there are several tokens of this name",
        pkcs11.NoSuchKey: "it has no such key",
        pkcs11.MultipleObjectsReturned: "it has several such keys",
        pkcs11.PinIncorrect: "the PIN is another one",
        pkcs11.PinLocked: "the PIN is locked",
    }
    return words.get(type(error)) or str(error) or type(error).__name__


def _hint(error: BaseException) -> str:
    import pkcs11

    if isinstance(error, pkcs11.NoSuchKey):
        return "private and public key have to be there under the same label or id"
    return "'pkcs11-tool --list-slots' and '--list-objects' say what there is"
