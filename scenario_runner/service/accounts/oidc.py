"""Bearer tokens of an OpenID provider: signed by it, for us, in force, and with roles in a claim.

OpenID Connect Core 1.0, Discovery 1.0; RFC 7519 (JWT), RFC 9068 (as access tokens), RFC 8725 (what to
beware of). The signature is joserfc's business.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from scenario_runner.errors import MachineError, UsageError
from scenario_runner.lazy_dataclasses import dataclass
from scenario_runner.service.accounts.questions import Questions
from scenario_runner.service.errors import NotLoggedIn, Unavailable
from scenario_runner.service.permissions import Arrival, Caller, Role
from scenario_runner.ul.tls import Tls

if TYPE_CHECKING:
    import ssl

    from joserfc.jwk import KeySet
    from joserfc.jwt import Token

_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "Ed25519",
    "EdDSA",
)
"""With a private key of the provider's; never ``none``, nor a secret that its public key could be taken for."""
_DISCOVERY: Final = "/.well-known/openid-configuration"
_MAXIMUM: Final = 1 << 20
"""Bytes of an answer of the provider."""
_LONGEST: Final = 1 << 14
"""Characters of a token."""
_TIMEOUT: Final = 5.0
"""Seconds for a piece of an answer."""
_WHOLE: Final = 10.0
"""Seconds for all of it."""
_FRESH: Final = 600.0
"""Seconds after which the provider's keys are asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOptions:
    """Whom to believe.

    issuer: as in its tokens (``iss``). audience: what its tokens call us (``aud``). roles_claim: where the roles
    are, with dots into objects (``realm_access.roles``). roles: from what stands there to a role of ours; by
    default the names are the same. name_claim: what a person is called; without it ``sub``.
    """

    issuer: str
    audience: str
    jwks_uri: str | None = None
    """Where its keys are; by default it is asked (Discovery 1.0)."""
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    name_claim: str = "preferred_username"
    leeway: int = 60
    """Seconds that its clock and ours may differ."""
    tls: ssl.SSLContext | None = None


class Oidc:
    """Callers by their tokens. Safe between threads. clock: seconds, of a kind that only goes on."""

    def __init__(self, options: OidcOptions, clock: Callable[[], float] = time.monotonic) -> None:
        for url in (options.issuer, options.jwks_uri or options.issuer):
            require_private(url)
        self.options = options
        self._clock = clock
        self._questions = Questions(clock)
        self._keys: KeySet | None = None
        self._kids: frozenset[str] = frozenset()
        self._got = float("-inf")

    def caller(self, token: str) -> Caller:
        """Whose token it is. Raises as ``claims``."""
        return self.caller_of(self.claims(token, self.options.audience))

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What a token says that was made for that audience.

        Raises NotLoggedIn for one that is not believed, Unavailable when the provider's keys cannot be had.
        """
        from joserfc.errors import JoseError

        if len(token) > _LONGEST:
            raise untrusted("it is too long")
        try:
            decoded = self._decoded(token)
            self._require_claims(decoded.claims, audience)
        except JoseError as error:
            raise untrusted(error.description or error.error) from error
        except (ValueError, TypeError, KeyError) as error:
            raise untrusted("it is no signed JSON Web Token") from error
        return decoded.claims

    def _decoded(self, token: str) -> Token:
        """A token whose signature holds; a key that the provider has changed without naming it anew is asked for."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError, KeyParameterError

        keys = self._keys_for(token)
        try:
            return jwt.decode(token, keys, algorithms=list(_ALGORITHMS))
        except (BadSignatureError, InvalidKeyIdError, KeyParameterError):
            with self._questions.turn(lambda: self._keys is keys, waits=True) as is_ours:
                if is_ours:
                    self._renew(self._clock())
            if self._keys is None or self._keys is keys:
                raise
            return jwt.decode(token, self._keys, algorithms=list(_ALGORITHMS))

    def _require_claims(self, claims: dict[str, Any], audience: str) -> None:
        from joserfc.jwt import JWTClaimsRegistry

        registry = JWTClaimsRegistry(
            leeway=self.options.leeway,
            iss={"essential": True, "value": self.options.issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        registry.validate(claims)

    def caller_of(self, claims: Mapping[str, Any]) -> Caller:
        """Whom they name, with the roles they have."""
        named = claims.get(self.options.name_claim)
        name = _shown(named) if isinstance(named, str) else ""
        name = name or _shown(str(claims["sub"]))
        roles = frozenset(filter(None, map(self._role, _listed(claims, self.options.roles_claim))))
        return Caller(name[:256], roles, Arrival.BEARER)

    def _role(self, told: str) -> Role | None:
        if self.options.roles:
            return self.options.roles.get(told)
        try:
            return Role(told)
        except ValueError:
            return None

    def _keys_for(self, token: str) -> KeySet:
        """The provider's keys; asked for anew when they are old, or lack the one that the token names.

        One request asks; meanwhile those whose key is known go on, old as it may be, and others wait for a moment.
        """
        from joserfc import jws
        from joserfc.errors import JoseError

        try:
            named = jws.extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError) as error:
            raise untrusted("it is no signed JSON Web Token") from error
        with self._questions.turn(
            lambda: self._lacks(named), waits=not self._knows(named)
        ) as is_ours:
            if is_ours:
                self._renew(self._clock())
        if self._keys is None:
            raise Unavailable(
                "provider-unreachable", "the provider of these tokens does not answer just now"
            )
        return self._keys

    def _knows(self, named: object) -> bool:
        return self._keys is not None and (named is None or named in self._kids)

    def _lacks(self, named: object) -> bool:
        return self._clock() - self._got >= _FRESH or not self._knows(named)

    def _renew(self, moment: float) -> None:
        """While the provider does not answer, the keys there are go on being good."""
        try:
            self._keys = self._fetched()
        except (MachineError, ValueError):
            return
        self._kids = frozenset(key.kid for key in self._keys.keys if key.kid)
        self._got = moment

    def _fetched(self) -> KeySet:
        uri = self.options.jwks_uri
        if uri is None:
            uri = str(discovered(self.options).get("jwks_uri", ""))
            try:
                require_private(uri)
            except UsageError as error:
                raise ValueError(error.message) from error
        return _readable(asked_for_json(uri, self.options.tls).get("keys"))


def _readable(keys: object) -> KeySet:
    """Of the keys those that verify signatures and can be read. Raises ValueError when there is none.

    One of a curve that nobody here knows, as Brainpool's, takes no other along (RFC 7517 5).
    """
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    kept = []
    for key in keys if isinstance(keys, list) else ():
        is_ours = isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP")
        if is_ours and key.get("use") != "enc":
            with suppress(JoseError, KeyError, TypeError, ValueError):
                kept.append(JWKRegistry.import_key(key))
    if not kept:
        raise ValueError("these are no keys")
    return KeySet(kept)


def _shown(name: str) -> str:
    """A name in one line: who chooses it at the provider steers no terminal, and is nobody else by a blank."""
    return " ".join("".join(one if one.isprintable() else " " for one in name).split())


def discovered(options: OidcOptions) -> dict[str, Any]:
    """What the provider says of itself (Discovery 1.0). Raises MachineError, or ValueError when it is another."""
    found = asked_for_json(options.issuer.rstrip("/") + _DISCOVERY, options.tls)
    if found.get("issuer") != options.issuer:
        raise ValueError("it is another provider than its address says (Discovery 1.0, 4.3)")
    return found


def asked_for_json(
    url: str,
    tls: ssl.SSLContext | None,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A document of the provider's, for a form that is posted or just so.

    Raises MachineError, or ValueError when it is none.
    """
    import httpx2

    method = "GET" if form is None else "POST"
    until = time.monotonic() + _WHOLE
    try:
        with (
            httpx2.Client(
                timeout=_TIMEOUT, verify=tls or Tls().context(), trust_env=False
            ) as client,
            client.stream(method, url, data=form, headers=headers) as response,
        ):
            if response.status_code != 200:
                raise ValueError(f"status {response.status_code}")
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MAXIMUM:
                    raise ValueError("the answer is too long")
                if time.monotonic() > until:
                    raise MachineError("the provider of tokens answers too slowly")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise MachineError(f"the provider of tokens does not answer: {error}") from error
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("the answer is no object")  # noqa: TRY004 - what the provider says is a value
    return found


def _listed(claims: Mapping[str, Any], path: str) -> Sequence[str]:
    """What stands at a path: a text with spaces between, or a list."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.split()
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def require_private(url: str) -> None:
    """Raises UsageError for an address at which anybody on the way could put keys of their own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    is_here = host in ("localhost", "127.0.0.1", "::1")
    if (
        not host
        or parts.scheme not in ("http", "https")
        or (parts.scheme == "http" and not is_here)
    ):
        raise UsageError(
            f"'{url}' is no address of a provider that can be believed",
            hint="it has to be https://…",
        )


def untrusted(why: str) -> NotLoggedIn:
    """The refusal of a token."""
    return NotLoggedIn("token-not-valid", f"this token is not taken: {why}"[:300])
